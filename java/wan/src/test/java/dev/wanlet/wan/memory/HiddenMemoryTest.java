// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.TypePolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

class HiddenMemoryTest {
  private static final int ROWS = 64;
  private static final int WIDEST = 13824;
  private static final long FFN = 13824L * 5120;

  private static final List<HiddenMemory.Matrix> MATRICES =
      List.of(
          new HiddenMemory.Matrix("blocks.0.ffn.0.weight", 13824, 5120),
          new HiddenMemory.Matrix("text_embedding.0.weight", 5120, 4096));

  private static long cuda(TypePolicy types) {
    return HiddenMemory.bytes(
        "CUDA", ROWS, WIDEST, FFN, HiddenMemory.widenedElements(types, MATRICES));
  }

  @Test
  void whatCudaWidensToF32IsCountedForWeightsIn16BitsAlone() {
    long nothing = HiddenMemory.bytes("CUDA", ROWS, WIDEST, FFN, 0);
    assertThat(cuda((name, rows, columns) -> TensorType.Q8_0)).isEqualTo(nothing);
    assertThat(cuda(TypePolicy.ALL_F32)).isEqualTo(nothing);
    long context = HiddenMemory.bytes("CUDA", 0, 0, 0, 0);
    assertThat(cuda((name, rows, columns) -> TensorType.BF16)).isEqualTo(context + 4 * FFN);
    TypePolicy mixed =
        (name, rows, columns) -> name.startsWith("blocks") ? TensorType.Q4_K : TensorType.F16;
    assertThat(cuda(mixed)).isEqualTo(context + 4 * 5120 * 4096);
  }

  @Test
  void theCpuHidesNothing() {
    assertThat(HiddenMemory.bytes("CPU", ROWS, WIDEST, FFN, FFN)).isZero();
  }
}
