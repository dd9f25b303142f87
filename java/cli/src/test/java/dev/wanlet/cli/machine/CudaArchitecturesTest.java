// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import org.junit.jupiter.api.Test;

/** Cards are figures here. */
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
}
