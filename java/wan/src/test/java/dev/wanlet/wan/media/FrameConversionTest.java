// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FrameConversionTest {
  @Test
  void valuesAreClampedAndCutNotRounded() {
    // One row of two pixels: planes R, G, B. 0 maps to 127.5, which is cut.
    float[] chw = {-1f, 1f, 0f, 0.999f, Float.NaN, -7f};
    assertThat(FrameConversion.toRgb24(chw, 2, 1))
        .containsExactly(0, 127, 0, 255, (int) (1.999f * 127.5f), 0);
  }

  @Test
  void bytesSurviveTheWayToFloatsAndBack() {
    byte[] rgb = new byte[256 * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3);
    }
    float[] chw = FrameConversion.toChw(rgb, 256, 1);
    assertThat(chw[0]).isEqualTo(-1f);
    assertThat(chw[255]).isEqualTo(1f);
    byte[] back = FrameConversion.toRgb24(chw, 256, 1);
    for (int i = 0; i < rgb.length; i++) {
      // Cutting may lose the last level, never more.
      assertThat((rgb[i] & 0xff) - (back[i] & 0xff)).isBetween(0, 1);
    }
  }

  @Test
  void wrongLengthsAreRefused() {
    assertThatThrownBy(() -> FrameConversion.toRgb24(new float[5], 2, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 values for a frame of 2x1");
    assertThatThrownBy(() -> FrameConversion.toChw(new byte[7], 2, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
