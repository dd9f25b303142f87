// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/**
 * Draws what the demo model was trained on: one flat shape moving on a flat background, edges
 * smoothed by 4x4 samples a pixel.
 */
public final class SyntheticClip {
  public static final int[] RED = {220, 40, 40};
  public static final int[] GREEN = {40, 180, 70};
  public static final int[] BLUE = {50, 80, 220};
  public static final int[] WHITE = {245, 245, 245};
  public static final int[] BLACK = {12, 12, 14};
  public static final int[] GRAY = {120, 120, 124};
  public static final int[] NAVY = {18, 28, 80};

  private static final int SAMPLES = 4;

  private SyntheticClip() {}

  /** A disc moving left. */
  public static List<RgbFrame> discMovingLeft(int w, int h, int frames, int[] fore, int[] back) {
    List<RgbFrame> clip = new ArrayList<>();
    double radius = Math.min(w, h) * 0.22;
    for (int t = 0; t < frames; t++) {
      double x = w * (0.7 - 0.4 * t / Math.max(1, frames - 1));
      clip.add(draw(w, h, x, h * 0.5, (dx, dy) -> Math.hypot(dx, dy) - radius, fore, back));
    }
    return clip;
  }

  /**
   * One frame.
   *
   * @param inside of the offset from the centre: negative within the shape
   */
  public static RgbFrame draw(
      int w, int h, double cx, double cy, DoubleBinaryOperator inside, int[] fore, int[] back) {
    byte[] rgb = new byte[w * h * 3];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        int hits = 0;
        for (int s = 0; s < SAMPLES * SAMPLES; s++) {
          double sx = x + (s % SAMPLES + 0.5) / SAMPLES - cx;
          double sy = y + (s / SAMPLES + 0.5) / SAMPLES - cy;
          hits += inside.applyAsDouble(sx, sy) < 0 ? 1 : 0;
        }
        double alpha = hits / (double) (SAMPLES * SAMPLES);
        for (int c = 0; c < 3; c++) {
          rgb[(y * w + x) * 3 + c] = (byte) Math.round(back[c] + (fore[c] - back[c]) * alpha);
        }
      }
    }
    return new RgbFrame(w, h, rgb);
  }

  /** Greatest difference of a channel, over pixels at least {@code margin} away from any edge. */
  public static int flatError(RgbFrame expected, RgbFrame actual, int margin) {
    int worst = 0;
    for (int y = margin; y < expected.height() - margin; y++) {
      for (int x = margin; x < expected.width() - margin; x++) {
        if (isFlat(expected, x, y, margin)) {
          worst = Math.max(worst, Math.abs(expected.red(x, y) - actual.red(x, y)));
          worst = Math.max(worst, Math.abs(expected.green(x, y) - actual.green(x, y)));
          worst = Math.max(worst, Math.abs(expected.blue(x, y) - actual.blue(x, y)));
        }
      }
    }
    return worst;
  }

  private static boolean isFlat(RgbFrame f, int x, int y, int margin) {
    for (int dy = -margin; dy <= margin; dy++) {
      for (int dx = -margin; dx <= margin; dx++) {
        if (f.red(x + dx, y + dy) != f.red(x, y)
            || f.green(x + dx, y + dy) != f.green(x, y)
            || f.blue(x + dx, y + dy) != f.blue(x, y)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Root of the mean squared difference over all channels of all frames. */
  public static double rmse(List<RgbFrame> expected, List<RgbFrame> actual) {
    double sum = 0;
    long count = 0;
    for (int t = 0; t < expected.size(); t++) {
      byte[] a = expected.get(t).rgb24();
      byte[] b = actual.get(t).rgb24();
      for (int i = 0; i < a.length; i++) {
        double d = (a[i] & 0xff) - (b[i] & 0xff);
        sum += d * d;
      }
      count += a.length;
    }
    return Math.sqrt(sum / count);
  }
}
