// SPDX-License-Identifier: Apache-2.0
/**
 * {@code wanlet bench}: how long each stage of a clip takes, by model, size, memory and threads.
 */
package dev.wanlet.cli.bench;
