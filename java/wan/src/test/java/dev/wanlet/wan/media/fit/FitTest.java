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
  void aPictureTakesTheShapeOfAnotherInItsOwnPixels() {
    RgbFrame wide = ramps(60, 20);
    RgbFrame cut = Fit.CROP.shaped(wide, 300, 200);
    assertThat(cut.width()).isEqualTo(30);
    assertThat(cut.height()).isEqualTo(20);
    assertThat(cut.red(0, 3)).isEqualTo(wide.red(15, 3));
    assertThat(cut.green(29, 19)).isEqualTo(wide.green(44, 19));
    RgbFrame between = Fit.PAD.shaped(wide, 300, 200);
    assertThat(between.width()).isEqualTo(60);
    assertThat(between.height()).isEqualTo(40);
    assertThat(between.red(59, 9)).isZero();
    assertThat(between.red(59, 10)).isEqualTo(255);
    assertThat(between.green(3, 29)).isEqualTo(wide.green(3, 19));
    RgbFrame tall = ramps(20, 60);
    assertThat(Fit.CROP.shaped(tall, 200, 300).height()).isEqualTo(30);
    assertThat(Fit.CROP.shaped(tall, 200, 300).green(7, 0)).isEqualTo(tall.green(7, 15));
    assertThat(Fit.PAD.shaped(tall, 200, 300).width()).isEqualTo(40);
    assertThat(Fit.PAD.shaped(tall, 200, 300).green(10, 59)).isEqualTo(255);
    assertThat(Fit.STRETCH.shaped(wide, 1, 9)).isSameAs(wide);
    assertThat(Fit.CROP.shaped(wide, 3, 1)).isSameAs(wide);
  }

  @Test
  void smoothingBeforeAReductionLeavesNoStripes() {
    byte[] rgb = new byte[3 * 64 * 64];
    for (int i = 0; i < 64 * 64; i++) {
      Arrays.fill(rgb, 3 * i, 3 * i + 3, (byte) (i % 2 * 255));
    }
    RgbFrame stripes = new RgbFrame(64, 64, rgb);
    float[] smooth = Fit.CROP.smoothFrame(stripes, 16, 16);
    for (int x = 2; x < 14; x++) {
      assertThat(smooth[5 * 16 + x]).isCloseTo(0, within(0.05f));
    }
    // And one that needs no change has none.
    float[] same = Fit.CROP.smoothFrame(ramps(32, 16), 32, 16);
    assertThat(same).isEqualTo(Fit.CROP.frame(ramps(32, 16), 32, 16));
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
