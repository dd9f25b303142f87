// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterFileTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "a.safetensors, a.safetensors, 1",
    "a.safetensors:0.5, a.safetensors, 0.5",
    "a.safetensors:-1, a.safetensors, -1",
    "a.safetensors:+.25, a.safetensors, 0.25",
    "a.safetensors:2., a.safetensors, 2",
    "a.safetensors:1e-3, a.safetensors, 0.001",
    "a.safetensors:0, a.safetensors, 0",
    "dir:b/a.safetensors, dir:b/a.safetensors, 1",
    "dir:b/a.safetensors:3, dir:b/a.safetensors, 3",
    "C:/loras/a.safetensors:0.8, C:/loras/a.safetensors, 0.8",
    "C:/loras/a.safetensors, C:/loras/a.safetensors, 1",
    "'C:\\loras\\a.safetensors:0.8', 'C:\\loras\\a.safetensors', 0.8",
    "'C:\\loras\\a.safetensors', 'C:\\loras\\a.safetensors', 1"
  })
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no colon in names there")
  void strengthsAreNumbersBehindTheLastColon(String text, String file, double strength) {
    assertThat(AdapterFile.parse(text)).isEqualTo(new AdapterFile(Path.of(file), strength));
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no colon in names there")
  void whatExistsAsItStandsIsAFile() throws Exception {
    Path file = Files.createFile(directory.resolve("take:2"));
    assertThat(AdapterFile.parse(file.toString())).isEqualTo(new AdapterFile(file, 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.safetensors:nan", "a.safetensors:-Infinity", "a.safetensors:1e999"})
  void refusesStrengthsThatAreNotFinite(String text) {
    assertThatThrownBy(() -> AdapterFile.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(text)
        .hasMessageContaining("no finite number");
  }

  @Test
  void refusesNothing() {
    assertThatThrownBy(() -> AdapterFile.parse(" ")).hasMessageContaining("without a file");
  }

  @Test
  void isReadBackFromItsText() {
    AdapterFile file = new AdapterFile(Path.of("loras", "a:b.safetensors").toAbsolutePath(), 0.8);
    assertThat(AdapterFile.parse(file.text())).isEqualTo(file);
    assertThat(new AdapterFile(Path.of("a.safetensors"), 1).text()).endsWith("a.safetensors:1");
    assertThat(AdapterFile.parse(new AdapterFile(Path.of("a"), 1e-12).text()).strength())
        .isEqualTo(1e-12);
  }
}
