// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.ggml.internal.GgmlJni;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The binding on the CPU device: devices, memory, graphs, errors and lifetimes. */
class BindingTest {
  private int liveBefore;
  private Backend backend;

  @BeforeEach
  void open() {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(2);
  }

  @AfterEach
  void nothingLeaks() {
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  @Test
  void reportsItsVersionAndDevices() {
    assertThat(Ggml.version()).isNotBlank();
    assertThat(Ggml.treeHash()).hasSize(40);
    assertThat(Device.all()).anyMatch(Device::isCpu);
    assertThat(Device.cpu().memory().totalBytes()).isPositive();
    assertThatThrownBy(() -> Device.byName("nosuch"))
        .isInstanceOf(GgmlException.class)
        .hasMessageContaining("nosuch")
        .hasMessageContaining("CPU");
  }

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void typeTableIsThatOfGgml(TensorType type) {
    assertThat(GgmlJni.typeFacts(type.id()))
        .containsExactly(type.blockElements(), type.blockBytes(), type.isQuantized() ? 1 : 0);
  }

  @Test
  void computesAMatmulWithBiasOnPlacedTensors() {
    Random random = new Random(1);
    int rows = 5;
    int in = 64;
    int out = 7;
    float[] w = randoms(random, out * in);
    float[] x = randoms(random, rows * in);
    float[] b = randoms(random, out);
    try (TensorArena weights = TensorArena.forTensors(2);
        Buffer memory = backend.allocate(1 << 16);
        TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      Tensor weight = weights.tensor("weight", TensorType.F32, Shape.of(out, in));
      Tensor bias = weights.tensor("bias", TensorType.F32, Shape.of(out));
      memory.place(weight);
      memory.place(bias);
      weight.set(w);
      bias.set(b);

      GraphBuilder g = new GraphBuilder(arena);
      Tensor input = g.input("x", TensorType.F32, rows, in);
      Tensor y = g.output(g.add(g.matmul(weight, input), bias));
      assertThat(y.shape()).isEqualTo(Shape.of(rows, out));
      allocator.allocate(g.graph());
      input.set(x);
      backend.compute(g.graph());

      float[] actual = y.toFloats();
      for (int r = 0; r < rows; r++) {
        for (int o = 0; o < out; o++) {
          double expected = b[o];
          for (int i = 0; i < in; i++) {
            expected += (double) w[o * in + i] * x[r * in + i];
          }
          assertThat((double) actual[r * out + o]).isCloseTo(expected, within(1e-4));
        }
      }
    }
  }

  @Test
  void layoutOperationsFollowPyTorchOrder() {
    try (TensorArena arena = TensorArena.forGraph(32);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 2, 3, 4);
      Tensor permuted = g.output(g.contiguous(g.permute(x, 2, 0, 1)));
      Tensor sliced = g.output(g.contiguous(g.slice(x, 1, 1, 3)));
      Tensor joined = g.output(g.concat(x, x, 0));
      Tensor summed = g.output(g.sumRows(x));
      Tensor padded = g.output(g.pad(x, 1, 0, 1));
      allocator.allocate(g.graph());
      float[] values = new float[24];
      for (int i = 0; i < 24; i++) {
        values[i] = i;
      }
      x.set(values);
      backend.compute(g.graph());

      assertThat(permuted.shape()).isEqualTo(Shape.of(4, 2, 3));
      // permuted[k][i][j] = x[i][j][k]
      assertThat(permuted.toFloats()[1 * 6 + 1 * 3 + 2]).isEqualTo(1 * 12 + 2 * 4 + 1);
      assertThat(sliced.shape()).isEqualTo(Shape.of(2, 2, 4));
      assertThat(sliced.toFloats()).startsWith(4, 5, 6, 7, 8).endsWith(23);
      assertThat(joined.shape()).isEqualTo(Shape.of(4, 3, 4));
      assertThat(summed.shape()).isEqualTo(Shape.of(2, 3, 1));
      assertThat(summed.toFloats()).startsWith(6, 22);
      assertThat(padded.shape()).isEqualTo(Shape.of(2, 4, 4));
      assertThat(padded.toFloats()[12]).isZero();
    }
  }

  @Test
  void copiesIntoPersistentTensorsInOrder() {
    try (TensorArena state = TensorArena.forTensors(1);
        Buffer memory = backend.allocate(1 << 12);
        TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      Tensor kept = state.tensor("kept", TensorType.F16, Shape.of(4, 8));
      memory.place(kept);
      memory.clear(0);
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 2, 8);
      g.run(g.copy(x, g.slice(kept, 0, 1, 3)));
      Tensor back = g.output(g.cast(kept, TensorType.F32));
      allocator.allocate(g.graph());
      float[] ones = new float[16];
      java.util.Arrays.fill(ones, 1f);
      x.set(ones);
      backend.compute(g.graph());
      float[] rows = back.toFloats();
      assertThat(rows[0]).isZero();
      assertThat(rows[8]).isEqualTo(1f);
      assertThat(rows[23]).isEqualTo(1f);
      assertThat(rows[24]).isZero();
    }
  }

  @Test
  void stridedViewsMayOverlap() {
    try (TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 2, 6);
      // Windows of 4 elements, one element apart, in both rows.
      Tensor windows = g.output(g.duplicate(g.strided(x, 0, new long[] {2, 3, 4}, 6, 1)));
      allocator.allocate(g.graph());
      x.set(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
      backend.compute(g.graph());
      assertThat(windows.toFloats())
          .containsExactly(
              0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8, 9, 10, 8, 9, 10, 11);
      assertThatThrownBy(() -> g.strided(x, 1, new long[] {2, 3, 4}, 6, 1))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("not inside");
    }
  }

  @Test
  void flashAttentionEqualsAnExplicitSoftmax() {
    int heads = 2;
    int queries = 70;
    int keys = 33;
    int dim = 64;
    Random random = new Random(3);
    try (TensorArena arena = TensorArena.forGraph(64);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor q = g.input("q", TensorType.F32, heads, queries, dim);
      Tensor k = g.input("k", TensorType.F32, heads, keys, dim);
      Tensor v = g.input("v", TensorType.F32, heads, keys, dim);
      float scale = (float) (1 / Math.sqrt(dim));
      Tensor fast = g.output(g.flashAttention(q, k, v, null, scale));
      Tensor scores = g.softMax(g.matmul(k, q), null, scale);
      Tensor transposed = g.contiguous(g.permute(v, 0, 2, 1));
      Tensor slow = g.output(g.contiguous(g.permute(g.matmul(transposed, scores), 1, 0, 2)));
      assertThat(fast.shape()).isEqualTo(Shape.of(queries, heads, dim)).isEqualTo(slow.shape());
      allocator.allocate(g.graph());
      q.set(randoms(random, heads * queries * dim));
      k.set(randoms(random, heads * keys * dim));
      v.set(randoms(random, heads * keys * dim));
      backend.compute(g.graph());
      assertThat(fast.toFloats()).containsExactly(slow.toFloats(), within(2e-5f));
    }
  }

  @Test
  void refusesBadOperationsBeforeTheNativeCall() {
    try (TensorArena arena = TensorArena.forGraph(32)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor a = g.input("a", TensorType.F32, 4, 8);
      Tensor b = g.input("b", TensorType.F32, 3, 8);
      Tensor half = g.input("half", TensorType.F16, 4, 8);
      assertThatThrownBy(() -> g.add(a, b)).isInstanceOf(ShapeException.class);
      assertThatThrownBy(() -> g.reshape(a, 5, 5)).isInstanceOf(ShapeException.class);
      assertThatThrownBy(() -> g.matmul(g.input("c", TensorType.F32, 4, 9), a))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("[4, 9]");
      assertThatThrownBy(() -> g.rmsNorm(half, 1e-6f)).isInstanceOf(ShapeException.class);
      assertThatThrownBy(() -> g.slice(a, 0, 2, 9)).isInstanceOf(ShapeException.class);
      assertThatThrownBy(() -> g.permute(a, 0, 0)).isInstanceOf(ShapeException.class);
      Tensor q = g.input("q", TensorType.F32, 2, 70, 64);
      Tensor k = g.input("k", TensorType.F32, 2, 33, 64);
      Tensor shortMask = g.input("mask", TensorType.F16, 1, 33);
      assertThatThrownBy(() -> g.flashAttention(q, k, k, shortMask, 1f))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("each of the 70 queries");
      assertThatThrownBy(() -> arena.tensor("odd", TensorType.Q8_0, Shape.of(2, 33)))
          .isInstanceOf(ShapeException.class);
    }
  }

  @Test
  void aFullArenaIsAJavaError() {
    try (TensorArena arena = TensorArena.forTensors(1)) {
      arena.tensor("one", TensorType.F32, Shape.of(1));
      assertThatThrownBy(() -> arena.tensor("two", TensorType.F32, Shape.of(1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("full");
    }
  }

  @Test
  void budgetIsEnforcedAndObjectsStayUsable() {
    backend.deviceMemory().limit(1 << 20);
    try (Buffer first = backend.allocate(1 << 19)) {
      assertThatThrownBy(() -> backend.allocate((1 << 19) + 1))
          .isInstanceOf(DeviceMemoryException.class)
          .hasMessageContaining("budget");
      assertThat(backend.deviceMemory().currentBytes()).isEqualTo(first.bytes());
    }
    try (Buffer whole = backend.allocate(1 << 20)) {
      assertThat(backend.deviceMemory().peakBytes()).isEqualTo(whole.bytes());
    }
    assertThat(backend.deviceMemory().currentBytes()).isZero();
  }

  @Test
  void anImpossibleAllocationIsDeviceMemoryException() {
    assertThatThrownBy(() -> backend.allocate(1L << 60)).isInstanceOf(DeviceMemoryException.class);
    assertThat(backend.deviceMemory().currentBytes()).isZero();
  }

  @Test
  void measuringIsExact() {
    try (TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 300, 1000);
      g.output(g.silu(g.scale(x, 2f)));
      long measured = GraphAllocator.measure(backend.device(), g.graph());
      allocator.allocate(g.graph());
      assertThat(allocator.bytes()).isEqualTo(measured);
      assertThat(allocator.nativeBytes()).isEqualTo(measured);
      assertThat(backend.deviceMemory().currentBytes()).isEqualTo(measured);
      assertThat(measured).isGreaterThanOrEqualTo(300 * 1000 * 4);
    }
  }

  @Test
  void useAfterCloseIsAJavaErrorAndClosingTwiceIsFine() {
    TensorArena arena = TensorArena.forGraph(8);
    GraphBuilder g = new GraphBuilder(arena);
    Tensor x = g.input("x", TensorType.F32, 8);
    arena.close();
    arena.close();
    assertThatThrownBy(() -> g.scale(x, 1f)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(x::toFloats).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> backend.compute(g.graph())).isInstanceOf(IllegalStateException.class);
    Buffer buffer = backend.allocate(64);
    buffer.close();
    buffer.close();
    assertThatThrownBy(() -> buffer.clear(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anUnallocatedGraphIsRefused() {
    try (TensorArena arena = TensorArena.forGraph(8)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 8);
      g.output(g.scale(x, 2f));
      assertThatThrownBy(() -> backend.compute(g.graph()))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> x.set(new float[8])).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void stopRequestsAreHonoured() {
    try (TensorArena arena = TensorArena.forGraph(8);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 8);
      Tensor y = g.output(g.scale(x, 2f));
      allocator.allocate(g.graph());
      backend.requestStop();
      assertThatThrownBy(() -> backend.compute(g.graph()))
          .isInstanceOfSatisfying(
              GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ABORTED));
      backend.clearStop();
      x.set(new float[] {1, 2, 3, 4, 5, 6, 7, 8});
      backend.compute(g.graph());
      assertThat(y.toFloats()).startsWith(2, 4, 6);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TensorType.class,
      names = {
        "F16", "BF16", "Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL",
        "Q3_K", "Q2_K"
      })
  void quantisesAndWidens(TensorType type) {
    int columns = 256;
    int rows = 3;
    Random random = new Random(7);
    try (HostMemory source = new HostMemory(rows * columns * 4L);
        HostMemory stored = new HostMemory(type.bytes(columns) * rows);
        HostMemory back = new HostMemory(rows * columns * 4L)) {
      var floats = source.view(0, rows * columns * 4).asFloatBuffer();
      for (int i = 0; i < rows * columns; i++) {
        floats.put(i, (float) random.nextGaussian());
      }
      assertThat(Quantization.quantize(type, source.address(), stored.address(), rows, columns, 0))
          .isEqualTo(stored.bytes());
      Quantization.dequantize(type, stored.address(), back.address(), (long) rows * columns);
      var restored = back.view(0, rows * columns * 4).asFloatBuffer();
      double error = 0;
      double power = 0;
      for (int i = 0; i < rows * columns; i++) {
        error += Math.pow(restored.get(i) - floats.get(i), 2);
        power += Math.pow(floats.get(i), 2);
      }
      assertThat(error / power).isLessThan(type == TensorType.Q2_K ? 0.15 : 0.06);
    }
  }

  private static float[] randoms(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
