// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.media.RgbFrame;
import org.junit.jupiter.api.Test;

/** Frames of videos, and pictures to refer to, in frames of another size. */
class VideoFitTest {
  private interface Pixel {
    int at(int x, int y, int channel);
  }

  private static RgbFrame drawn(int width, int height, Pixel pixel) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) pixel.at(i / 3 % width, i / 3 / width, i % 3);
    }
    return new RgbFrame(width, height, rgb);
  }

  private static float signed(double value) {
    return (float) value / 127.5f - 1;
  }

  @Test
  void aFrameOfTheRightSizeStaysAsItIs() {
    RgbFrame frame = drawn(12, 8, (x, y, c) -> (37 * x + 91 * y + 11 * c) & 255);
    for (Fit fit : Fit.values()) {
      float[] fitted = fit.frameOfVideo(frame, 12, 8);
      for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 12; x++) {
          assertThat(fitted[y * 12 + x]).isEqualTo(signed(frame.red(x, y)));
          assertThat(fitted[(2 * 8 + y) * 12 + x]).isEqualTo(signed(frame.blue(x, y)));
        }
      }
    }
  }

  @Test
  void aReductionAveragesWhatItLeavesOut() {
    RgbFrame stripes = drawn(64, 64, (x, y, c) -> x % 2 == 0 ? 0 : 255);
    float[] half = Fit.STRETCH.frameOfVideo(stripes, 16, 16);
    // Without smoothing each result would be one of the stripes.
    assertThat(half[8 * 16 + 8]).isCloseTo(0, within(0.02f));
    // Between two frames of one grey there is only that grey, at the borders too.
    RgbFrame flat = drawn(50, 34, (x, y, c) -> 77);
    for (float value : Fit.CROP.frameOfVideo(flat, 32, 16)) {
      assertThat(value).isEqualTo(signed(77));
    }
  }

  @Test
  void nothingGoesBeyondBlackAndWhite() {
    RgbFrame edge = drawn(8, 8, (x, y, c) -> x < 4 ? 0 : 255);
    for (float value : Fit.STRETCH.frameOfVideo(edge, 64, 64)) {
      assertThat(value).isBetween(-1f, 1f);
    }
  }

  @Test
  void croppingCutsBothSidesAlikeAndPaddingLeavesThemBlack() {
    RgbFrame wide = drawn(64, 16, (x, y, c) -> x);
    float[] cropped = Fit.CROP.frameOfVideo(wide, 16, 16);
    assertThat(cropped[0]).isEqualTo(signed(24));
    assertThat(cropped[15]).isEqualTo(signed(39));
    float[] padded = Fit.PAD.frameOfVideo(drawn(32, 16, (x, y, c) -> 255), 32, 32);
    assertThat(padded[7 * 32]).isEqualTo(-1);
    assertThat(padded[8 * 32]).isEqualTo(1);
    assertThat(padded[24 * 32]).isEqualTo(-1);
  }

  @Test
  void aPictureToReferToStandsWholeOnWhite() {
    // 40x20 in 32x32: 32x16, 8 rows of white above and below.
    float[] frame = Letterbox.onWhite(drawn(40, 20, (x, y, c) -> c == 1 ? 100 : 6 * x), 32, 32);
    for (int x = 0; x < 32; x++) {
      assertThat(frame[7 * 32 + x]).isEqualTo(1);
      assertThat(frame[24 * 32 + x]).isEqualTo(1);
      assertThat(frame[(32 + 8) * 32 + x]).isCloseTo(signed(100), within(1e-6f));
    }
    // Half-pixel centres: column 10 of the frame lies at 40/32 * 10.5 - 0.5 = 12.625.
    assertThat(frame[12 * 32 + 10]).isCloseTo(signed(6 * 12.625), within(1e-5f));
    assertThat(frame[12 * 32]).isCloseTo(signed(6 * 0.125), within(1e-5f));
  }

  @Test
  void aPictureOfTheFramesSizeIsTakenAsItIs() {
    RgbFrame frame = drawn(16, 16, (x, y, c) -> (50 * x + 31 * y) & 255);
    float[] same = Letterbox.onWhite(frame, 16, 16);
    assertThat(same[5 * 16 + 3]).isCloseTo(signed(frame.red(3, 5)), within(1e-6f));
    assertThat(same[15 * 16 + 15]).isCloseTo(signed(frame.red(15, 15)), within(1e-6f));
  }
}
