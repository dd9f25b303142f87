// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileNamesTest {
  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  @Test
  void shortNamesStayAsTheyAre() {
    assertThat(FileNames.fit(".", "clip.mp4", ".part")).isEqualTo(".clip.mp4.part");
    String just = "a".repeat(249);
    assertThat(FileNames.fit(".", just, ".part")).isEqualTo("." + just + ".part");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "é", "光", "🎥"})
  void longNamesAreCutBetweenCharactersAndStayApart(String letter) {
    String name = letter.repeat(251 / bytes(letter)) + ".mp4";
    String other = letter.repeat(251 / bytes(letter)) + ".gif";
    String fitting = FileNames.fit(".", name, ".0a1b2c3d.part");
    assertThat(bytes(fitting)).isBetween(252, 255);
    assertThat(fitting).startsWith("." + letter).endsWith(".0a1b2c3d.part").doesNotContain("�");
    assertThat(FileNames.fit(".", name, ".0a1b2c3d.part")).isEqualTo(fitting);
    assertThat(FileNames.fit(".", other, ".0a1b2c3d.part")).isNotEqualTo(fitting);
    assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(fitting)).isTrue();
  }
}
