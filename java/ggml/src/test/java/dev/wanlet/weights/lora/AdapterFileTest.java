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

  @ParameterizedTest
  @CsvSource({
    "a.safetensors:high, a.safetensors, 1, HIGH, Infinity",
    "a.safetensors:0.5:low, a.safetensors, 0.5, LOW, Infinity",
    "a.safetensors:0.5:LOW:below=0.9, a.safetensors, 0.5, LOW, 0.9",
    "a.safetensors:below=1, a.safetensors, 1, BOTH, 1",
    "'C:\\a.safetensors:0.8:high', 'C:\\a.safetensors', 0.8, HIGH, Infinity",
    "'C:\\high', 'C:\\high', 1, BOTH, Infinity",
    "high:high, high, 1, HIGH, Infinity"
  })
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no colon in names there")
  void anExpertAndANoiseLevelMayFollow(
      String text, String file, double strength, AdapterScope.Expert expert, double below) {
    AdapterFile parsed = AdapterFile.parse(text);
    assertThat(parsed)
        .isEqualTo(new AdapterFile(Path.of(file), strength, new AdapterScope(expert, below)));
    assertThat(AdapterFile.parse(parsed.text()).scope()).isEqualTo(parsed.scope());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a:below=0", "a:below=1.5", "a:high:below=x", "a:0.5:low:below=-1"})
  void noiseLevelsAreFromZeroToOne(String text) {
    assertThatThrownBy(() -> AdapterFile.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(text, "is no noise level above 0 up to 1");
  }

  @Test
  void aScopeCoversItsStepsOfItsExpert() {
    AdapterScope high = AdapterScope.of(AdapterScope.Expert.HIGH);
    assertThat(high.covers(true, 2, 1)).isTrue();
    assertThat(high.covers(false, 2, 0.5)).isFalse();
    assertThat(high.covers(true, 1, 0.5)).isTrue();
    AdapterScope below = new AdapterScope(AdapterScope.Expert.LOW, 0.5);
    assertThat(below.covers(false, 2, 0.5)).isFalse();
    assertThat(below.covers(false, 2, 0.49)).isTrue();
    assertThat(below.covers(true, 2, 0.49)).isFalse();
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
