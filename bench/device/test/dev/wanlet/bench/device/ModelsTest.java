// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelsTest {
  @TempDir private Path folder;

  /** As after a disk that was full when the first of two files was written. */
  @Test
  void theTextEncoderIsWrittenWhereTheVaeIsThereAlready() throws Exception {
    Path vae = Files.writeString(folder.resolve("vae.safetensors"), "written before");
    new Models(folder, false).writeStandIns();
    assertThat(folder.resolve("umt5.safetensors")).isNotEmptyFile();
    assertThat(vae).hasContent("written before");
  }
}
