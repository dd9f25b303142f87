// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Buffer types of the CPU that repack weights take what they have kernels for, and only that. */
class RepackTest {
  @Test
  void whatCannotBeRepackedIsRefused() {
    int liveBefore = Ggml.liveObjects();
    try (Backend backend = Backend.open(Device.cpu())) {
      for (BufferType type : Device.cpu().extraBufferTypes()) {
        if (type.name().equals("CPU_REPACK")) {
          try (TensorArena arena = TensorArena.forTensors(1);
              Buffer buffer = backend.allocate(type, 1 << 16)) {
            Tensor floats = arena.tensor("floats", TensorType.F32, Shape.of(8, 256));
            assertThatThrownBy(() -> buffer.place(floats))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("floats")
                .hasMessageContaining("f32");
          }
        }
      }
    }
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }
}
