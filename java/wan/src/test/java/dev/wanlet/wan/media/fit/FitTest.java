// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Bicubic.Window;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The numbers against the reference are those of the folder {@code conditioning}. */
class FitTest {
  /** Red grows from left to right, green from top to bottom. */
  private static RgbFrame ramps(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      rgb[3 * i] = (byte) (i % width * 255 / Math.max(1, width - 1));
      rgb[3 * i + 1] = (byte) (i / width * 255 / Math.max(1, height - 1));
    }
    return new RgbFrame(width, height, rgb);
  }

  @Test
  void aPictureOfTheFramesSizeIsTakenAsItIs() {
    RgbFrame picture = ramps(32, 16);
    for (Fit fit : Fit.values()) {
      float[] frame = fit.frame(picture, 32, 16);
      for (int i = 0; i < 32 * 16; i++) {
        assertThat(frame[i]).isCloseTo(picture.red(i % 32, i / 32) / 127.5f - 1, within(1e-6f));
      }
      assertThat(frame[2 * 32 * 16]).isEqualTo(-1);
    }
  }

  @Test
  void croppingKeepsTheMiddle() {
    float[] frame = Fit.CROP.frame(ramps(64, 16), 16, 16);
    assertThat(frame[0]).isCloseTo(24 * 255 / 63 / 127.5f - 1, within(1e-6f));
    assertThat(frame[15]).isCloseTo(39 * 255 / 63 / 127.5f - 1, within(1e-6f));
  }

  @Test
  void paddingPutsBlackAtTwoSides() {
    float[] frame = Fit.PAD.frame(new RgbFrame(8, 2, white(16)), 16, 16);
    for (int y = 0; y < 16; y++) {
      float expected = y >= 6 && y < 10 ? 1 : -1;
      assertThat(Arrays.copyOfRange(frame, y * 16, y * 16 + 16)).containsOnly(expected);
    }
  }

  @Test
  void stretchingKeepsEveryEdge() {
    float[] frame = Fit.STRETCH.frame(ramps(64, 8), 16, 16);
    assertThat(frame[0]).isLessThan(-0.9f);
    assertThat(frame[15]).isGreaterThan(0.9f);
    assertThat(frame[256]).isLessThan(-0.9f);
    assertThat(frame[256 + 255]).isGreaterThan(0.9f);
  }

  @Test
  void onePixelFillsAFrame() {
    for (Fit fit : Fit.values()) {
      assertThat(fit.frame(new RgbFrame(1, 1, white(1)), 16, 16)).containsOnly(1);
    }
  }

  @Test
  void aLineFillsAFrameOrLeavesItBlack() {
    RgbFrame line = new RgbFrame(4000, 1, white(4000));
    assertThat(Fit.CROP.frame(line, 16, 16)).containsOnly(1);
    assertThat(Fit.STRETCH.frame(line, 16, 16)).containsOnly(1);
    float[] padded = Fit.PAD.frame(line, 16, 16);
    assertThat(Arrays.copyOfRange(padded, 7 * 16, 8 * 16)).containsOnly(1);
    assertThat(Arrays.copyOf(padded, 7 * 16)).containsOnly(-1);
  }

  @Test
  void aWindowLiesWithinItsPicture() {
    assertThatThrownBy(() -> new Window(8, 8, 1, 0, 8, 8))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] white(int pixels) {
    byte[] rgb = new byte[3 * pixels];
    Arrays.fill(rgb, (byte) 255);
    return rgb;
  }
}
