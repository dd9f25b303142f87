// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpProfileTest {
  private static final int ROWS = 5;
  private static final int IN = 64;
  private static final int OUT = 7;

  private Backend backend;
  private TensorArena arena;
  private GraphAllocator allocator;

  @BeforeEach
  void open() {
    backend = Backend.open(Device.cpu());
    arena = TensorArena.forGraph(16);
    allocator = new GraphAllocator(backend);
  }

  @AfterEach
  void close() {
    allocator.close();
    arena.close();
    backend.close();
  }

  private static float[] randoms(int count) {
    Random random = new Random(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  /** y = gelu(reshape(x w^T + b)), with a view in between that is never run. */
  private Tensor build(GraphBuilder g, Runnable[] fill) {
    Tensor w = g.input("w", TensorType.F32, OUT, IN);
    Tensor x = g.input("x", TensorType.F32, ROWS, IN);
    Tensor b = g.input("b", TensorType.F32, OUT);
    Tensor y = g.output(g.silu(g.reshape(g.add(g.matmul(w, x), b), ROWS * OUT)));
    allocator.allocate(g.graph());
    fill[0] =
        () -> {
          w.set(randoms(OUT * IN));
          x.set(randoms(ROWS * IN));
          b.set(randoms(OUT));
        };
    return y;
  }

  @Test
  void everyOperationIsCountedAndTheResultIsThatOfTheGraph() {
    GraphBuilder g = new GraphBuilder(arena);
    Runnable[] fill = new Runnable[1];
    Tensor y = build(g, fill);
    fill[0].run();
    backend.compute(g.graph());
    float[] usual = y.toFloats();

    List<OpProfile.Row> rows;
    try (OpProfile profile = OpProfile.start()) {
      fill[0].run(); // inputs may share memory with results
      backend.compute(g.graph());
      assertThat(y.toFloats()).containsExactly(usual);
      assertThat(profile.graphs()).isEqualTo(1);
      rows = profile.rows();
    }
    assertThat(rows)
        .extracting(OpProfile.Row::kind)
        .containsExactlyInAnyOrder("MUL_MAT f32", "ADD", "SILU");
    assertThat(rows).allSatisfy(row -> assertThat(row.seconds()).isPositive());
    assertThat(rows)
        .filteredOn(row -> row.kind().startsWith("MUL_MAT"))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.runs()).isEqualTo(1);
              assertThat(row.operations()).isEqualTo(2.0 * ROWS * IN * OUT);
              assertThat(row.bytesRead()).isEqualTo(4.0 * (ROWS * IN + OUT * IN));
              assertThat(row.bytesWritten()).isEqualTo(4.0 * ROWS * OUT);
            });
    assertThat(rows)
        .filteredOn(row -> row.kind().equals("ADD"))
        .singleElement()
        .satisfies(row -> assertThat(row.operations()).isZero());
  }

  @Test
  void attentionAndConvolutionCountTheirProducts() {
    GraphBuilder g = new GraphBuilder(arena);
    Tensor q = g.input("q", TensorType.F32, 2, 64, 32);
    Tensor k = g.input("k", TensorType.F16, 2, 96, 32);
    Tensor v = g.input("v", TensorType.F16, 2, 96, 32);
    g.output(g.flashAttention(q, k, v, null, 0.2f));
    Tensor kernel = g.input("kernel", TensorType.F16, 3, 2, 3, 3);
    Tensor picture = g.input("picture", TensorType.F32, 1, 2, 6, 8);
    g.output(g.conv2d(kernel, picture, 1, 1, 1));
    allocator.allocate(g.graph());
    try (OpProfile profile = OpProfile.start()) {
      backend.compute(g.graph());
      assertThat(profile.rows())
          .extracting(OpProfile.Row::kind, OpProfile.Row::operations)
          .containsExactlyInAnyOrder(
              tuple("FLASH_ATTN_EXT f16", 4.0 * 2 * 64 * 96 * 32),
              tuple("CONV_2D f16", 2.0 * 3 * 6 * 8 * 2 * 3 * 3));
    }
  }

  @Test
  void oneProfileAtATimeAndNoneOnceItIsClosed() {
    GraphBuilder g = new GraphBuilder(arena);
    Runnable[] fill = new Runnable[1];
    build(g, fill);
    fill[0].run();
    OpProfile profile = OpProfile.start();
    assertThatThrownBy(OpProfile::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("another profile is open");
    profile.close();
    backend.compute(g.graph());
    assertThat(profile.rows()).isEmpty();
  }
}
