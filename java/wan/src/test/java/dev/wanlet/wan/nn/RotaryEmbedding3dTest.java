// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The rotary embedding's channel split, token order and graph form against its angle table. */
class RotaryEmbedding3dTest {
  private static final int HEADS = 2;
  private static final int HEAD_DIM = 128;

  @Test
  void splitsAHeadAsTheReferenceDoes() {
    assertThat(RotaryEmbedding3d.split(128)).containsExactly(44, 42, 42);
    assertThat(RotaryEmbedding3d.split(64)).containsExactly(24, 20, 20);
    assertThatThrownBy(() -> RotaryEmbedding3d.split(7)).hasMessageContaining("7");
  }

  @Test
  void ordersTokensFrameMajor() {
    int[][] positions = RotaryEmbedding3d.positions(2, 3, 4);
    assertThat(positions[0]).hasSize(24).startsWith(0, 0).endsWith(1, 1);
    assertThat(positions[1]).startsWith(0, 0, 0, 0, 1).endsWith(2);
    assertThat(positions[2]).startsWith(0, 1, 2, 3, 0).endsWith(3);
    assertThatThrownBy(() -> RotaryEmbedding3d.positions(1, 0, 4)).hasMessageContaining("1 x 0");
  }

  @Test
  void turnsPairsByTheAnglesOfTheTable() {
    int[][] positions = RotaryEmbedding3d.positions(3, 5, 7);
    int tokens = positions[0].length;
    Random random = new Random(5);
    float[] x = new float[tokens * HEADS * HEAD_DIM];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    int live = Ggml.liveObjects();
    float[] turned;
    try (Backend backend = Backend.open(Device.cpu());
        TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor input = g.input("x", TensorType.F32, tokens, HEADS, HEAD_DIM);
      Tensor[] axes = new Tensor[RotaryEmbedding3d.AXES];
      for (int i = 0; i < axes.length; i++) {
        axes[i] = g.input("axis" + i, TensorType.I32, tokens);
      }
      Tensor y = g.output(RotaryEmbedding3d.apply(g, input, axes[0], axes[1], axes[2]));
      allocator.allocate(g.graph());
      input.set(x);
      for (int i = 0; i < axes.length; i++) {
        axes[i].set(positions[i]);
      }
      backend.compute(g.graph());
      turned = y.toFloats();
    }
    assertThat(Ggml.liveObjects()).isEqualTo(live);

    RotaryEmbedding3d.Table table = RotaryEmbedding3d.table(positions, HEAD_DIM);
    int pairs = HEAD_DIM / 2;
    float[] expected = new float[x.length];
    for (int row = 0; row < tokens * HEADS; row++) {
      for (int pair = 0; pair < pairs; pair++) {
        float cos = table.cos()[row / HEADS * pairs + pair];
        float sin = table.sin()[row / HEADS * pairs + pair];
        int at = row * HEAD_DIM + 2 * pair;
        expected[at] = x[at] * cos - x[at + 1] * sin;
        expected[at + 1] = x[at] * sin + x[at + 1] * cos;
      }
    }
    assertThat(turned).containsExactly(expected, within(1e-5f));
  }

  @Test
  void timestepFeaturesPutCosinesFirst() {
    float[] features = TimestepFeatures.of(312.25, 256);
    assertThat(features).hasSize(256);
    assertThat(features[0]).isEqualTo((float) Math.cos(312.25));
    assertThat(features[128]).isEqualTo((float) Math.sin(312.25));
    assertThat(features[64]).isCloseTo((float) Math.cos(312.25 / 100), within(1e-6f));
    assertThatThrownBy(() -> TimestepFeatures.of(1, 7)).hasMessageContaining("7");
  }
}
