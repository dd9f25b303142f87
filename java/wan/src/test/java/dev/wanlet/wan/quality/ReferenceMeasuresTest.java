// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.media.RgbFrame;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ReferenceMeasuresTest {
  @Test
  void framesThatDoNotDifferHaveNoErrorAndFullSimilarity() {
    RgbFrame ramp = ramp(24, 16, 5);
    Map<String, OptionalDouble> values = values(List.of(ramp), List.of(ramp));
    assertThat(values.get("psnr").orElseThrow()).isInfinite().isPositive();
    assertThat(values.get("ssim").orElseThrow()).isEqualTo(1);
    assertThat(values.get("motion")).isEmpty();
  }

  @Test
  void psnrIsThatOfTheErrorOfAllFrames() {
    RgbFrame dark = grey(12, 12, 100);
    // Off by 0 and by 6 levels: a mean squared error of 18, and not the mean of two PSNRs.
    Map<String, OptionalDouble> values =
        values(List.of(dark, grey(12, 12, 106)), List.of(dark, dark));
    assertThat(values.get("psnr").orElseThrow())
        .isCloseTo(10 * Math.log10(255 * 255 / 18.0), within(1e-12));
  }

  @Test
  void ssimOfFlatFramesIsItsTermOfLuminance() {
    double c1 = 6.5025;
    Map<String, OptionalDouble> values =
        values(List.of(grey(11, 11, 50)), List.of(grey(11, 11, 150)));
    assertThat(values.get("ssim").orElseThrow())
        .isCloseTo((2 * 50 * 150 + c1) / (50 * 50 + 150 * 150 + c1), within(1e-6));
  }

  @Test
  void ssimOfAnInvertedPatternIsNegative() {
    Map<String, OptionalDouble> values =
        values(List.of(stripes(24, 24, 0)), List.of(stripes(24, 24, 1)));
    assertThat(values.get("ssim").orElseThrow()).isBetween(-1.0, -0.9);
  }

  @Test
  void motionIsTheMeanDifferenceOfNeighboursOfEachClip() {
    Map<String, OptionalDouble> values =
        values(
            List.of(grey(8, 8, 10), grey(8, 8, 20), grey(8, 8, 24)),
            List.of(grey(8, 8, 10), grey(8, 8, 10), grey(8, 8, 10)));
    assertThat(values.get("motion").orElseThrow()).isCloseTo(7, within(1e-5));
    assertThat(values.get("motion_reference").orElseThrow()).isZero();
    assertThat(values.get("ssim")).as("frames smaller than the window").isEmpty();
  }

  @Test
  void noiseOfSinglePixelsHardlyCountsAsMotion() {
    Map<String, OptionalDouble> values =
        values(
            List.of(stripes(24, 24, 0), stripes(24, 24, 1)),
            List.of(grey(24, 24, 60), grey(24, 24, 190)));
    assertThat(values.get("motion").orElseThrow())
        .isLessThan(values.get("motion_reference").orElseThrow() / 100);
  }

  @Test
  void framesOfTwoSizesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ReferenceMeasures().accept(grey(8, 8, 0), grey(8, 9, 0)))
        .withMessageContaining("8x8")
        .withMessageContaining("8x9");
  }

  @Test
  void everyValueHasItsMethod() {
    assertThat(new ReferenceMeasures().values().keySet())
        .containsExactlyElementsOf(ReferenceMeasures.methods().keySet());
  }

  private static Map<String, OptionalDouble> values(List<RgbFrame> clip, List<RgbFrame> reference) {
    ReferenceMeasures measures = new ReferenceMeasures();
    for (int t = 0; t < clip.size(); t++) {
      measures.accept(clip.get(t), reference.get(t));
    }
    return measures.values();
  }

  private static RgbFrame grey(int width, int height, int level) {
    byte[] rgb = new byte[width * height * 3];
    Arrays.fill(rgb, (byte) level);
    return new RgbFrame(width, height, rgb);
  }

  private static RgbFrame ramp(int width, int height, int step) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % width * step);
    }
    return new RgbFrame(width, height, rgb);
  }

  /** Columns of one pixel, by turns dark and bright. */
  private static RgbFrame stripes(int width, int height, int from) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) ((i / 3 % width + from) % 2 == 0 ? 60 : 190);
    }
    return new RgbFrame(width, height, rgb);
  }
}
