// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.weights.FloatFormats;
import org.junit.jupiter.api.Test;

/** The rows that stand for a prompt's padding weigh as much as all of it, at every length. */
class PromptRowsTest {
  @Test
  void theCopiesWeighAsMuchAsThePadding() {
    for (int tokens = 0; tokens < WanConfig.TEXT_LENGTH; tokens++) {
      PromptRows rows = new PromptRows(tokens);
      int padding = WanConfig.TEXT_LENGTH - tokens;
      double weight = 0;
      for (float bias : rows.biases()) {
        assertThat(FloatFormats.fromF16(FloatFormats.toF16(bias))).isEqualTo(bias);
        weight += Math.exp(bias);
      }
      assertThat(weight).as("%d tokens", tokens).isCloseTo(padding, within(1e-6 * padding));
      assertThat(rows.keys()).isEqualTo(tokens + rows.biases().length);
      assertThat(rows.embedded()).isEqualTo(tokens + 1);
      assertThat(rows.maskRow()).hasSize(rows.keys());
    }
  }

  @Test
  void aFullPromptHasNoPadding() {
    PromptRows full = new PromptRows(WanConfig.TEXT_LENGTH);
    assertThat(full.needsMask()).isFalse();
    assertThat(full.keys()).isEqualTo(WanConfig.TEXT_LENGTH).isEqualTo(full.embedded());
    assertThat(full.copies()).isZero();
    PromptRows almost = new PromptRows(WanConfig.TEXT_LENGTH - 1);
    assertThat(almost.biases()).containsExactly(0f);
    assertThat(almost.copies()).isZero();
  }
}
