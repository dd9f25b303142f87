// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded model's files: in place, and extracted to a cache. */
class DemoModelTest {
  @TempDir private Path cache;

  @Test
  void liesInPlaceWhenItsResourcesArePlainFiles() throws IOException {
    Path directory = DemoModel.directory();
    assertThat(DemoModel.checksums().firstBad(directory)).isNull();
    assertThat(DemoModel.checksums().byFile()).hasSize(6);
    assertThat(DemoModel.fourStepAdapter()).isRegularFile();
    assertThat(directory.resolve("README.md")).isRegularFile();
  }

  @Test
  void isExtractedOnceAndRepaired() throws IOException {
    Path directory = DemoModel.extract(cache);
    assertThat(DemoModel.checksums().firstBad(directory)).isNull();
    Path vocabulary = directory.resolve("google/umt5-xxl/spiece.model");
    Object first = Files.getLastModifiedTime(vocabulary);
    assertThat(DemoModel.extract(cache)).isEqualTo(directory);
    assertThat(Files.getLastModifiedTime(vocabulary)).isEqualTo(first);

    Files.writeString(vocabulary, "damaged");
    assertThat(DemoModel.extract(cache)).isEqualTo(directory);
    assertThat(DemoModel.checksums().firstBad(directory)).isNull();
    try (Stream<Path> left = Files.list(cache)) {
      assertThat(left).containsExactly(directory);
    }
  }

  @Test
  void leavesNothingBehindWhenItFails() throws IOException {
    Checksums checksums = DemoModel.checksums();
    Path target = cache.resolve("model");
    Extraction broken =
        new Extraction(checksums, file -> new ByteArrayInputStream(new byte[] {1, 2, 3}));
    assertThatThrownBy(() -> broken.into(target))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("damaged");
    try (Stream<Path> left = Files.list(cache)) {
      assertThat(left).isEmpty();
    }
    Path file = Files.writeString(cache.resolve("file"), "");
    assertThatThrownBy(() -> DemoModel.extract(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("WANLET_CACHE");
  }

  @Test
  void readsListsAsSha256sumWritesThem() throws IOException {
    String hash = "0123456789abcdef".repeat(4);
    Checksums list =
        Checksums.read(new ByteArrayInputStream((hash + "  a b/c\n" + hash + " *d").getBytes()));
    assertThat(list.byFile()).containsOnlyKeys("a b/c", "d").containsValue(hash);
    assertThatThrownBy(() -> Checksums.read(new ByteArrayInputStream("nonsense".getBytes())))
        .hasMessageContaining("nonsense");
  }
}
