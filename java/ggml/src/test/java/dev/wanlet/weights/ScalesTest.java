// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ScalesTest {
  @Test
  void scalesRowsAndBlocksWithShortOnesAtTheEnd() {
    Shape weight = Shape.of(3, 6);
    assertThat(scaled(weight, Shape.of(), 2)).containsOnly(2);
    assertThat(scaled(weight, Shape.of(3, 1), 1, 2, 3))
        .containsExactly(1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3);
    // 2 x 4 blocks: rows 0 and 1, then 2; columns 0 to 3, then 4 and 5.
    assertThat(scaled(weight, Shape.of(2, 2), 1, 2, 3, 4))
        .containsExactly(1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4);
    // Groups of two columns in each row.
    assertThat(scaled(weight, Shape.of(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9))
        .containsExactly(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9);
  }

  @Test
  void scalesFromAnyElementOn() {
    Shape weight = Shape.of(200, 300);
    float[] factors = {1, 2, 3, 4, 5, 6}; // blocks of 128 x 128
    Scales scales = Scales.of(factors, Shape.of(2, 3), weight).orElseThrow();
    float[] whole = ones(200 * 300);
    scales.apply(0, whole, 0, whole.length);
    assertThat(whole[127 * 300 + 255]).isEqualTo(2);
    assertThat(whole[128 * 300 + 256]).isEqualTo(6);
    float[] part = ones(1000);
    scales.apply(38_250, part, 3, 900);
    assertThat(Arrays.copyOfRange(part, 3, 903))
        .containsExactly(Arrays.copyOfRange(whole, 38_250, 39_150));
    assertThat(part[2] + part[903]).isEqualTo(2);
  }

  @Test
  void refusesFactorsThatCoverNoWholeBlocks() {
    assertThat(Scales.of(new float[5], Shape.of(5), Shape.of(16, 4))).isEmpty();
    assertThat(Scales.of(new float[32], Shape.of(32, 1), Shape.of(16, 4))).isEmpty();
    assertThat(Scales.of(new float[6], Shape.of(2, 1, 3), Shape.of(2, 6))).isEmpty();
    assertThat(Scales.of(new float[0], Shape.of(0), Shape.of(2, 6))).isEmpty();
  }

  private static float[] scaled(Shape weight, Shape shape, float... factors) {
    float[] values = ones((int) weight.elements());
    Scales.of(factors, shape, weight).orElseThrow().apply(0, values, 0, values.length);
    return values;
  }

  private static float[] ones(int n) {
    float[] ones = new float[n];
    Arrays.fill(ones, 1);
    return ones;
  }
}
