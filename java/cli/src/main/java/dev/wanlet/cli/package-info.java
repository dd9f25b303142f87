// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: one class per command, started by {@link dev.wanlet.cli.Main}.
 *
 * <p>Results go to stdout, everything else to stderr. Commands throw; {@link
 * dev.wanlet.cli.console.ExitCode} turns an exception into the exit code that scripts see, and
 * {@link dev.wanlet.cli.Main} prints its message in one line. Classes of ggml, FFmpeg and the
 * tokenizer are loaded when a command needs them, so that {@code --help} stays fast.
 */
package dev.wanlet.cli;
