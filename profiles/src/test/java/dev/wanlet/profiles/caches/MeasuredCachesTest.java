// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.caches;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables in a folder, and the choice among them. */
class MeasuredCachesTest {
  private static final String EASY = "easy;threshold=1";
  @TempDir private Path folder;

  private static MeasuredCache mag(String type, String recipe, int steps) {
    return new MeasuredCache(
        "wan2.1-t2v-1.3b",
        type,
        recipe,
        steps,
        "mag;threshold=0.1;prompt=1,0." + steps + ";without=1,1");
  }

  @Test
  void theNearestTableOfTheModelIsFound() throws IOException {
    MeasuredCaches caches = new MeasuredCaches(folder.resolve("made/here"));
    assertThat(caches.find(CacheKind.MAG, "wan2.1-t2v-1.3b", "q8_0", "", 20)).isEmpty();
    for (MeasuredCache m :
        new MeasuredCache[] {
          mag("q8_0", "", 20), mag("q8_0", "", 50), mag("f16", "", 31), mag("q8_0", "own", 30)
        }) {
      caches.save(m);
    }
    assertThat(caches.find(CacheKind.MAG, "wan2.1-t2v-1.3b", "q8_0", "", 30))
        .contains(mag("q8_0", "", 20));
    assertThat(caches.find(CacheKind.MAG, "wan2.1-t2v-1.3b", "q8_0", "", 40))
        .contains(mag("q8_0", "", 50));
    assertThat(caches.find(CacheKind.MAG, "wan2.1-t2v-1.3b", "f16", "", 50))
        .contains(mag("f16", "", 31));
    assertThat(caches.find(CacheKind.MAG, "wan2.1-t2v-1.3b", "q8_0", "own", 50))
        .contains(mag("q8_0", "own", 30));
    assertThat(caches.find(CacheKind.MAG, "wan2.1-t2v-14b", "q8_0", "", 20)).isEmpty();
    assertThat(caches.find(CacheKind.TEA, "wan2.1-t2v-1.3b", "q8_0", "", 20)).isEmpty();
  }

  @Test
  void aNewTableReplacesTheOldOne() throws IOException {
    MeasuredCaches caches = new MeasuredCaches(folder);
    Path first = caches.save(new MeasuredCache("m", "F16", "a b", 20, EASY));
    Path second = caches.save(new MeasuredCache("m", "f16", "a-b", 20, "easy;threshold=2"));
    assertThat(second).isEqualTo(first).hasFileName("easy_m_f16_a-b_20.json");
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(second);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "{\"model\":\"m\",\"type\":\"f16\",\"recipe\":\"\",\"steps\":20}",
        "{\"model\":\"m\",\"type\":\"f16\",\"recipe\":\"\",\"steps\":0,\"numbers\":\"easy;threshold=1\"}",
        "{\"model\":\"m\",\"type\":\"f16\",\"recipe\":\"\",\"steps\":9,\"numbers\":\"mag\"}",
        "{\"model\":\"m\",\"other\":1}"
      })
  void whatIsNoTableIsNamed(String text) throws IOException {
    Path file = folder.resolve("odd.json");
    Files.writeString(file, text);
    assertThatThrownBy(() -> new MeasuredCaches(folder).find(CacheKind.MAG, "m", "f16", "", 20))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContainingAll(file.toString(), "not a table of a step cache");
  }
}
