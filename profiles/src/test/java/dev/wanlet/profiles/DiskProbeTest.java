// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskProbeTest {
  @TempDir private Path folder;

  @Test
  void readsAPartOfAFile() throws IOException {
    Path file = folder.resolve("large");
    Files.write(file, new byte[(int) DiskProbe.LEAST_BYTES + 123]);
    assertThat(DiskProbe.measure(file, 0.05).orElseThrow().bytesPerSecond()).isGreaterThan(1e6);
  }

  @Test
  void aSmallFileSaysNothing() throws IOException {
    Path file = Files.write(folder.resolve("small"), new byte[100]);
    assertThat(DiskProbe.measure(file, 0.05)).isEmpty();
  }

  @Test
  void aMissingFileIsAnError() {
    assertThatThrownBy(() -> DiskProbe.measure(folder.resolve("none"), 0.05))
        .isInstanceOf(NoSuchFileException.class);
  }
}
