// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.console.ExitCode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class MainTest {
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
