// SPDX-License-Identifier: Apache-2.0
/**
 * What all commands share in talking to people and scripts: exit codes, help, progress, tables,
 * JSON, log lines and Ctrl-C.
 *
 * <p>Must not enter: anything about one command, and any work that an application which embeds the
 * library would want too.
 */
package dev.wanlet.cli.console;
