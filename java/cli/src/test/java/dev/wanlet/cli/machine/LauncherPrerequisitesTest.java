// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code launcher/prerequisites.sh}: what counts as leave to install something. */
@DisabledOnOs(OS.WINDOWS)
class LauncherPrerequisitesTest {
  private static final Path ROOT = Path.of("../..").toAbsolutePath();

  @ParameterizedTest
  @CsvSource({"'\n', yes", "'y\n', yes", "'yes\n', yes", "'n\n', no", "'what\n', no", "'', no"})
  void anEmptyLineIsYesAndTheEndOfTheInputIsNo(String typed, String answer) throws Exception {
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "set -eu; root=$1; . \"$root/launcher/prerequisites.sh\";"
                    + " if is_yes; then echo yes; else echo no; fi",
                "sh",
                ROOT.toString())
            .start();
    try (var keyboard = process.outputWriter(StandardCharsets.UTF_8)) {
      keyboard.write(typed);
    }
    assertThat(process.inputReader().lines()).containsExactly(answer);
    assertThat(process.waitFor()).isZero();
  }
}
