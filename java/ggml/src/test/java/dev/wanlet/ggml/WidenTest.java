// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quantised matrices widened to BF16 within a graph. */
class WidenTest {
  /** BF16 keeps 8 significant bits, so rounding is off by at most half of the last. */
  private static final double ROUNDING = 1 / 256.0;

  @ParameterizedTest
  @CsvSource({"Q8_0, 32, 5, 1", "Q4_0, 96, 1, 2", "Q4_K, 8960, 7, 2", "Q6_K, 512, 33, 3"})
  void holdsTheDequantisedValuesRoundedOnce(TensorType type, int columns, int rows, int threads) {
    int count = rows * columns;
    int liveBefore = Ggml.liveObjects();
    try (Backend backend = Backend.open(Device.cpu());
        TensorArena weights = TensorArena.forTensors(1);
        Buffer memory = backend.allocate(1 << 20);
        HostMemory floats = new HostMemory(4L * count);
        HostMemory stored = new HostMemory(type.bytes(count));
        TensorArena arena = TensorArena.forGraph(4);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      backend.setThreads(threads);
      Random random = new Random(7);
      var values = floats.view(0, 4 * count).asFloatBuffer();
      for (int i = 0; i < count; i++) {
        values.put((float) random.nextGaussian());
      }
      Quantization.quantize(type, floats.address(), stored.address(), rows, columns, 0);
      Quantization.dequantize(type, stored.address(), floats.address(), count);
      float[] expected = new float[count];
      floats.view(0, 4 * count).asFloatBuffer().get(expected);

      Tensor weight = weights.tensor("weight", type, Shape.of(rows, columns));
      memory.place(weight);
      weight.setFrom(stored.address(), 0, stored.bytes());
      GraphBuilder g = new GraphBuilder(arena);
      Tensor widened = g.output(g.widen(weight));
      assertThat(widened.type()).isEqualTo(TensorType.BF16);
      assertThat(widened.shape()).isEqualTo(weight.shape());
      allocator.allocate(g.graph());
      backend.compute(g.graph());

      try (HostMemory halves = new HostMemory(2L * count)) {
        widened.getTo(halves.address(), 0, 2L * count);
        Quantization.dequantize(TensorType.BF16, halves.address(), floats.address(), count);
      }
      float[] actual = new float[count];
      floats.view(0, 4 * count).asFloatBuffer().get(actual);
      for (int i = 0; i < count; i++) {
        assertThat(Math.abs(actual[i] - expected[i]))
            .as("element %d, %s", i, expected[i])
            .isLessThanOrEqualTo((float) (Math.abs(expected[i]) * ROUNDING));
      }
    }
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  @Test
  void takesQuantisedMatricesOnly() {
    try (TensorArena arena = TensorArena.forGraph(4)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor floats = g.input("w", TensorType.F32, 4, 32);
      Tensor row = g.input("r", TensorType.Q8_0, 32);
      assertThatThrownBy(() -> g.widen(floats)).isInstanceOf(ShapeException.class);
      assertThatThrownBy(() -> g.widen(row)).isInstanceOf(ShapeException.class);
    }
  }

  @Test
  void featuresAreThoseOfTheProcessor() {
    assertThat(Device.cpu().features()).isNotEmpty().doesNotContain("");
  }
}
