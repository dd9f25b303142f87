// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AttentionInputTest {
  private static final int DIM = BlockOps.HEAD_DIM;

  @Test
  void theKeysMeanDoesNotChangeTheResultAndTheValuesMeanComesBack() {
    AttentionInput input = AttentionInput.draw(3, 2, 40);
    float[] keyMeans = input.means(input.keys());
    float[] valueMeans = input.means(input.values());
    AttentionInput centred =
        new AttentionInput(
            3,
            2,
            40,
            input.queries(),
            input.without(input.keys(), keyMeans),
            input.without(input.values(), valueMeans));
    float[] expected = input.expected();
    float[] actual = centred.expected();
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i] + valueMeans[i % valueMeans.length])
          .isCloseTo(expected[i], within(1e-4f));
    }
  }

  @Test
  void equalKeysGiveTheMeanOfTheValues() {
    AttentionInput drawn = AttentionInput.draw(1, 1, 5);
    float[] keys = new float[5 * DIM];
    Arrays.fill(keys, 0.5f);
    AttentionInput input = new AttentionInput(1, 1, 5, drawn.queries(), keys, drawn.values());
    float[] means = input.means(input.values());
    float[] actual = input.expected();
    for (int c = 0; c < DIM; c++) {
      assertThat(actual[c]).isCloseTo(means[c], within(1e-5f));
    }
  }
}
