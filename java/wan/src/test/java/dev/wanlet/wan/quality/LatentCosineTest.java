// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LatentCosineTest {
  @Test
  void itIsTheAngleAndNotTheLength() {
    assertThat(LatentCosine.of(new float[] {3, 4}, new float[] {6, 8})).hasValue(1);
    assertThat(LatentCosine.of(new float[] {3, -4}, new float[] {-6, 8})).hasValue(-1);
    assertThat(LatentCosine.of(new float[] {1, 0}, new float[] {0, 5})).hasValue(0);
    assertThat(LatentCosine.of(new float[] {3, 4}, new float[] {4, 3}).orElseThrow())
        .isCloseTo(24 / 25.0, within(1e-15));
  }

  @Test
  void whatHasNoDirectionHasNoAngle() {
    assertThat(LatentCosine.of(new float[2], new float[] {1, 1})).isEmpty();
    assertThat(LatentCosine.of(new float[] {1, 1}, new float[2])).isEmpty();
  }

  @Test
  void latentsOfTwoSizesAreRefused() {
    assertThatThrownBy(() -> LatentCosine.of(new float[2], new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 latents and 3");
  }
}
