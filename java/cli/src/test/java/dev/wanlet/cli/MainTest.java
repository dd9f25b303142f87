// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.wanlet.base.UserCache;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.profiles.UserFolder;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void testsKeepNothingWhereTheUserKeepsHis() {
    Path home = Path.of(System.getProperty("user.home"));
    assertThat(UserCache.folder("prompts").startsWith(home.resolve(".cache"))).isFalse();
    assertThat(UserFolder.of("recipes").startsWith(home.resolve(".config"))).isFalse();
  }

  @Test
  void helpGoesToStdout() {
    CommandRun run = CommandRun.of("--help");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("Usage: wanlet", "Exit codes:", "130")
        .doesNotContain("Usage: <");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void noCommandIsAUsageError() {
    CommandRun run = CommandRun.of();
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("Usage: wanlet");
  }

  @Test
  void unknownOptionIsNamed() {
    CommandRun run = CommandRun.of("--colour");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("--colour", "wanlet --help").hasLineCount(2);
  }

  @Test
  void versionNamesWanletAndGgml() {
    CommandRun run = CommandRun.of("--version");
    assertThat(run.code()).isZero();
    assertThat(run.out().lines().toList())
        .hasSize(3)
        .first()
        .asString()
        .matches("wanlet \\d+\\.\\d+\\.\\d+\\S* \\(commit [0-9a-z-]+\\)");
    assertThat(run.out()).containsPattern("(?m)^ggml \\d+\\.\\d+\\.\\d+ \\(tree [0-9a-f]{40}\\)");
    assertThat(run.out()).contains("backends: ", "CPU");
  }

  @Test
  void argumentsThatTheLocaleLostAreRefused() {
    CommandRun run = CommandRun.of("--\uFFFD\uFFFD");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("LC_ALL=C.UTF-8");
  }

  @Test
  void aPromptWithoutItsFlagIsAnsweredWithTheCommandToType() {
    assertThat(CommandRun.of("generate", "a cat").err())
        .contains("A prompt goes behind -p: wanlet generate -p \"a cat\"");
    CommandRun unquoted = CommandRun.of("generate", "--steps", "4", "a", "cat");
    assertThat(unquoted.code()).isEqualTo(ExitCode.USAGE);
    assertThat(unquoted.err()).contains("wanlet generate -p \"a cat\"");
    assertThat(CommandRun.of("generate", "--prmpt", "a cat").err()).doesNotContain("behind -p");
  }

  @Test
  void helpIsACommandToo() {
    assertThat(CommandRun.of("help").out()).isEqualTo(CommandRun.of("--help").out());
    assertThat(CommandRun.of("help", "plan").out())
        .isEqualTo(CommandRun.of("plan", "--help").out())
        .contains("--vram");
  }

  @Test
  void theCompletionScriptCompletesCommandsAndOptions() throws Exception {
    CommandRun run = CommandRun.of("completion");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("complete -F _complete_wanlet", "zsh");
    assumeThat(Path.of("/bin/bash")).as("bash, to try the script").exists();
    assertThat(completed(run.out(), "wanlet gen")).isEqualTo("generate");
    assertThat(completed(run.out(), "wanlet plan --vr")).isEqualTo("--vram");
  }

  private static String completed(String script, String line) throws Exception {
    String[] words = line.split(" ");
    String ask =
        "\nCOMP_WORDS=("
            + line
            + "); COMP_CWORD="
            + (words.length - 1)
            + "; COMP_LINE='"
            + line
            + "'; COMP_POINT="
            + line.length()
            + "; _complete_wanlet; echo \"${COMPREPLY[*]}\"\n";
    Process bash = new ProcessBuilder("/bin/bash", "-s").redirectError(Redirect.DISCARD).start();
    try (OutputStream in = bash.getOutputStream()) {
      in.write((script + ask).getBytes(StandardCharsets.UTF_8));
    }
    return new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
  }

  @Test
  void foreseenErrorsAreOneLine() {
    assertThat(reported(new NoSuchFileException("a.gguf"), false))
        .isEqualTo("wanlet: a.gguf: no such file; check the path\n");
  }

  @Test
  void stackTracesNeedVerbose() {
    assertThat(reported(new IllegalStateException("x"), false))
        .contains("internal error: IllegalStateException: x", "-v")
        .doesNotContain("\tat ");
    assertThat(reported(new IllegalStateException("x"), true)).contains("\tat ");
  }

  private static String reported(Throwable e, boolean verbose) {
    StringWriter err = new StringWriter();
    Main.report(new PrintWriter(err), e, verbose);
    return err.toString().replace(System.lineSeparator(), "\n");
  }
}
