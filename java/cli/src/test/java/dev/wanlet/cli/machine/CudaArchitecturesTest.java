// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Cards are figures here; what a driver would say comes from a script in its tool's place. */
class CudaArchitecturesTest {
  private static final String COMPILED = "860,890,1200";

  @Test
  void aCardOfACompiledGenerationNeedsNoWords() {
    assertThat(CudaArchitectures.remark(COMPILED, "8.6")).isEmpty();
    assertThat(CudaArchitectures.remark(COMPILED, "8.9")).isEmpty();
    assertThat(CudaArchitectures.remark(COMPILED, "12.1")).isEmpty();
  }

  @Test
  void aNewerGenerationWaitsForTheDriver() {
    assertThat(CudaArchitectures.remark(COMPILED, "9.0").orElseThrow())
        .startsWith("CUDA: the backend was compiled for 8.6, 8.9, 12.0, the card is 9.0: ")
        .contains("the driver compiles its kernels anew at first use");
  }

  @Test
  void anOlderCardIsToldWhatToDo() {
    assertThat(CudaArchitectures.remark(COMPILED, "8.0").orElseThrow()).contains("it cannot run");
    assertThat(CudaArchitectures.remark(COMPILED, "7.5").orElseThrow())
        .contains("it cannot run there; use Vulkan, or build CUDA with nvcc");
  }

  @Test
  void whatIsNotKnownIsNotSaid() {
    assertThat(CudaArchitectures.remark(COMPILED, "[N/A]")).isEmpty();
    assertThat(CudaArchitectures.remark("native", "8.6")).isEmpty();
    assertThat(CudaArchitectures.remark(Device.cpu(), "8.6")).isEmpty();
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the stand-in is a shell script")
  void theDriversToolIsRead(@TempDir Path folder) throws IOException {
    Path tool =
        Files.writeString(
            folder.resolve("nvidia-smi"),
            "#!/bin/sh\nprintf 'NVIDIA GeForce RTX 3060, 8.6\\nNVIDIA H100 80GB HBM3, 9.0\\n'\n");
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwx------"));
    assertThat(NvidiaSmi.capabilities(tool.toString()))
        .isEqualTo(Map.of("NVIDIA GeForce RTX 3060", "8.6", "NVIDIA H100 80GB HBM3", "9.0"));
    assertThat(NvidiaSmi.capabilities(folder.resolve("absent").toString())).isEmpty();
    Files.writeString(tool, "#!/bin/sh\necho 'No devices were found'\nexit 6\n");
    assertThat(NvidiaSmi.capabilities(tool.toString())).isEmpty();
  }
}
