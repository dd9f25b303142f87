// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Operations on which ggml ends the process, or silently goes wrong, are Java errors. */
class GraphBuilderChecksTest {

  static Stream<Map.Entry<String, Function<GraphBuilder, Tensor>>> badOperations() {
    Map<String, Function<GraphBuilder, Tensor>> bad = new LinkedHashMap<>();
    bad.put("add of F32 and F16", g -> g.add(f32(g, 4, 8), f16(g, 4, 8)));
    bad.put("mul of F16 and BF16", g -> g.mul(f16(g, 4, 8), bf16(g, 4, 8)));
    bad.put("silu of BF16", g -> g.silu(bf16(g, 4, 8)));
    bad.put("gelu of BF16", g -> g.gelu(bf16(g, 4, 8)));
    bad.put("gelu_erf of BF16", g -> g.geluErf(bf16(g, 4, 8)));
    bad.put("sqr of columns", g -> g.sqr(g.permute(f32(g, 4, 8), 1, 0)));
    bad.put("sqrt of columns", g -> g.sqrt(g.permute(f32(g, 4, 8), 1, 0)));
    bad.put("clamp of columns", g -> g.clamp(g.permute(f32(g, 4, 8), 1, 0), 0, 1));
    bad.put("sum_rows of columns", g -> g.sumRows(g.permute(f32(g, 4, 8), 1, 0)));
    bad.put("scale of a gapped view", g -> g.scale(g.slice(f32(g, 4, 8), 1, 0, 3), 2f));
    bad.put(
        "scale of a permuted view without gaps",
        g -> g.scale(g.permute(f32(g, 4, 1, 8), 1, 0, 2), 2f));
    bad.put("norm with negative eps", g -> g.norm(f32(g, 4, 8), -1f));
    bad.put("rms_norm with NaN eps", g -> g.rmsNorm(f32(g, 4, 8), Float.NaN));
    bad.put("matmul of an integer weight", g -> g.matmul(i32(g, 4, 8), f32(g, 2, 8)));
    bad.put(
        "matmul of a weight without kernel",
        g -> g.matmul(g.input("w", TensorType.Q8_K, 4, 256), f32(g, 2, 256)));
    bad.put(
        "attention with integer keys",
        g -> g.flashAttention(f32(g, 2, 4, 8), i32(g, 2, 4, 8), i32(g, 2, 4, 8), null, 1f));
    bad.put(
        "rope beyond the head, by overflow",
        g -> g.rope(f32(g, 4, 2, 8), i32(g, 4), Integer.MAX_VALUE - 1, 4, 1e4f, false));
    bad.put(
        "conv_2d with stride 0", g -> g.conv2d(f32(g, 2, 3, 1, 1), f32(g, 1, 3, 4, 4), 0, 0, 0));
    bad.put(
        "conv_2d with negative padding",
        g -> g.conv2d(f32(g, 2, 3, 1, 1), f32(g, 1, 3, 4, 4), 1, -1, 0));
    bad.put("pad by less than nothing", g -> g.pad(f32(g, 4, 8), 1, -1, 0));
    bad.put("concat of 64-bit integers", g -> g.concat(i64(g, 4, 8), i64(g, 4, 8), 0));
    bad.put("copy of I32 to F16", g -> g.copy(i32(g, 4, 8), f16(g, 4, 8)));
    bad.put("copy of I64 to F32", g -> g.copy(i64(g, 4, 8), f32(g, 4, 8)));
    bad.put(
        "copy to a quantised view with gaps",
        g -> g.copy(f32(g, 4, 32), g.slice(g.input("q", TensorType.Q8_0, 4, 64), 1, 0, 32)));
    bad.put("cast of I32 to BF16", g -> g.cast(i32(g, 4, 8), TensorType.BF16));
    bad.put("repeat of 64-bit integers", g -> g.repeat(i64(g, 1, 8), i64(g, 4, 8)));
    bad.put("repeat of columns", g -> g.repeat(g.permute(f32(g, 4, 8), 1, 0), f32(g, 8, 4)));
    bad.put("get_rows of columns", g -> g.getRows(g.permute(f32(g, 4, 8), 1, 0), i32(g, 2)));
    bad.put("get_rows of 64-bit integers", g -> g.getRows(i64(g, 4, 8), i32(g, 2)));
    bad.put("slice of columns", g -> g.slice(g.permute(f32(g, 4, 8), 1, 0), 1, 0, 2));
    bad.put(
        "permute of an overlapping view",
        g -> g.permute(g.strided(f32(g, 8), 0, new long[] {4, 4, 4}, 1, 1), 0, 2, 1));
    bad.put(
        "in-place sum into an overlapping view",
        g -> g.addInPlace(g.strided(f32(g, 8), 0, new long[] {4, 4, 4}, 1, 1), f32(g, 4)));
    bad.put(
        "copy into an overlapping view",
        g -> g.copy(f32(g, 4, 4, 4), g.strided(f32(g, 8), 0, new long[] {4, 4, 4}, 1, 1)));
    bad.put(
        "strided beyond the end, by overflow",
        g -> g.strided(f32(g, 8), 0, new long[] {3, 1, 1}, Long.MAX_VALUE / 2 + 1, 1));
    bad.put("a tensor without elements", g -> f32(g, 0, 8));
    bad.put(
        "a tensor of more bytes than there are addresses",
        g -> g.input("x", TensorType.F32, 1L << 31, 1L << 31));
    return bad.entrySet().stream();
  }

  @ParameterizedTest
  @MethodSource("badOperations")
  void aBadOperationIsAShapeException(Map.Entry<String, Function<GraphBuilder, Tensor>> bad) {
    try (TensorArena arena = TensorArena.forGraph(16)) {
      GraphBuilder g = new GraphBuilder(arena);
      assertThatThrownBy(() -> bad.getValue().apply(g)).isInstanceOf(ShapeException.class);
    }
  }

  @Test
  void rowsOfALargerTensorAreScaled() {
    try (TensorArena arena = TensorArena.forGraph(8)) {
      GraphBuilder g = new GraphBuilder(arena);
      assertThat(g.scale(g.slice(f32(g, 4, 8), 0, 2, 4), 2f).shape()).isEqualTo(Shape.of(2, 8));
      assertThat(g.scale(g.slice(f32(g, 5, 4, 8), 0, 1, 2), 2f).shape())
          .isEqualTo(Shape.of(1, 4, 8));
    }
  }

  @Test
  void aGraphBeyondItsNodesIsRefusedAndStaysUsable() {
    try (TensorArena arena = new TensorArena(64, 4)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = f32(g, 8);
      g.run(g.sqr(x));
      assertThat(g.graph().nodes()).isEqualTo(1);
      Tensor y = x;
      for (int i = 0; i < 4; i++) {
        y = g.sqr(y);
      }
      Tensor tooLong = y;
      assertThatThrownBy(() -> g.run(tooLong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("4 operations");
      assertThat(g.graph().nodes()).isEqualTo(1);
      g.run(g.sqrt(x));
      assertThat(g.graph().nodes()).isEqualTo(2);
    }
  }

  @Test
  void aGraphBeyondItsLeavesIsRefused() {
    try (TensorArena arena = new TensorArena(16, 2)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor two = g.concat(f32(g, 2, 8), f32(g, 2, 8), 0);
      Tensor three = g.concat(two, f32(g, 2, 8), 0);
      assertThatThrownBy(() -> g.run(three)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anArenaHasRoomForOneGraphOnly() {
    try (TensorArena arena = TensorArena.forGraph(8)) {
      new GraphBuilder(arena);
      assertThatThrownBy(() -> new GraphBuilder(arena)).isInstanceOf(IllegalStateException.class);
    }
    assertThatThrownBy(() -> new TensorArena(-1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> TensorArena.forGraph(1 << 30))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Tensor f32(GraphBuilder g, long... shape) {
    return g.input("x", TensorType.F32, shape);
  }

  private static Tensor f16(GraphBuilder g, long... shape) {
    return g.input("x", TensorType.F16, shape);
  }

  private static Tensor bf16(GraphBuilder g, long... shape) {
    return g.input("x", TensorType.BF16, shape);
  }

  private static Tensor i32(GraphBuilder g, long... shape) {
    return g.input("x", TensorType.I32, shape);
  }

  private static Tensor i64(GraphBuilder g, long... shape) {
    return g.input("x", TensorType.I64, shape);
  }
}
