// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One flat shape in one frame: where it is, how large, and the harmonics of its outline.
 *
 * <p>A pixel's coverage is how far its colour lies on the way from the background's to the shape's,
 * so that smoothed edges give positions finer than a pixel. Immutable.
 */
final class ShapeOutline {
  /** Far from the background: half of the least distance of a named colour from a named ground. */
  private static final int FAR = 50;

  /** Fewer covered pixels than this are noise. */
  private static final int LEAST_AREA = 9;

  /** Coverage below this is compression noise. */
  private static final double LEAST_COVERAGE = 0.25;

  private static final int ANGLES = 90;
  private static final double RAY_STEP = 0.125;

  private final double x;
  private final double y;
  private final double area;
  private final double[] radii;

  private ShapeOutline(double x, double y, double area, double[] radii) {
    this.x = x;
    this.y = y;
    this.area = area;
    this.radii = radii;
  }

  /** Column of the centroid, in pixels. */
  double x() {
    return x;
  }

  /** Row of the centroid, in pixels. */
  double y() {
    return y;
  }

  /** Covered pixels. */
  double area() {
    return area;
  }

  /** Amplitude of the radius's n-th harmonic over the angle, relative to the mean radius. */
  double amplitude(int n) {
    return 2 * Math.hypot(sum(n, true), sum(n, false)) / sum(0, true);
  }

  /** Phase of the n-th harmonic, radians; it grows n times as fast as the outline turns. */
  double phase(int n) {
    return Math.atan2(sum(n, false), sum(n, true));
  }

  private double sum(int n, boolean cosine) {
    double sum = 0;
    for (int i = 0; i < ANGLES; i++) {
      double angle = 2 * Math.PI * n * i / ANGLES;
      sum += radii[i] * (cosine ? Math.cos(angle) : Math.sin(angle));
    }
    return sum;
  }

  /** The median colour of all frames' outermost pixels. */
  static int[] borderMedian(List<RgbFrame> frames) {
    int[][] counts = new int[3][256];
    for (RgbFrame f : frames) {
      for (int x = 0; x < f.width(); x++) {
        count(counts, f, x, 0);
        count(counts, f, x, f.height() - 1);
      }
      for (int y = 1; y < f.height() - 1; y++) {
        count(counts, f, 0, y);
        count(counts, f, f.width() - 1, y);
      }
    }
    return median(counts);
  }

  /** The median colour of all frames' pixels that are far from the background, if there are any. */
  static Optional<int[]> shapeMedian(List<RgbFrame> frames, int[] back) {
    int[][] counts = new int[3][256];
    for (RgbFrame f : frames) {
      for (int y = 0; y < f.height(); y++) {
        for (int x = 0; x < f.width(); x++) {
          if (squaredDistance(colour(f, x, y), back) > FAR * FAR) {
            count(counts, f, x, y);
          }
        }
      }
    }
    int pixels = Arrays.stream(counts[0]).sum();
    return pixels < LEAST_AREA ? Optional.empty() : Optional.of(median(counts));
  }

  static int squaredDistance(int[] a, int[] b) {
    int sum = 0;
    for (int c = 0; c < 3; c++) {
      sum += (a[c] - b[c]) * (a[c] - b[c]);
    }
    return sum;
  }

  /** The shape of colour {@code fore} in this frame, if it is there. */
  static Optional<ShapeOutline> of(RgbFrame frame, int[] back, int[] fore) {
    int w = frame.width();
    int h = frame.height();
    double[] coverage = new double[w * h];
    double area = 0;
    double sumX = 0;
    double sumY = 0;
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        double c = coverage(colour(frame, x, y), back, fore);
        coverage[y * w + x] = c;
        area += c;
        sumX += c * x;
        sumY += c * y;
      }
    }
    if (area < LEAST_AREA) {
      return Optional.empty();
    }
    double cx = sumX / area;
    double cy = sumY / area;
    double[] radii = new double[ANGLES];
    for (int i = 0; i < ANGLES; i++) {
      radii[i] = radius(coverage, w, h, cx, cy, 2 * Math.PI * i / ANGLES);
    }
    return Optional.of(new ShapeOutline(cx, cy, area, radii));
  }

  /** Position on the line from {@code back} to {@code fore}, 0 to 1. */
  private static double coverage(int[] rgb, int[] back, int[] fore) {
    double dot = 0;
    for (int c = 0; c < 3; c++) {
      dot += (rgb[c] - back[c]) * (double) (fore[c] - back[c]);
    }
    double share = dot / Math.max(1, squaredDistance(fore, back));
    return share < LEAST_COVERAGE ? 0 : Math.min(1, share);
  }

  /** Where a ray from the centroid leaves the shape; at least one step, so that no mean is zero. */
  private static double radius(
      double[] coverage, int w, int h, double cx, double cy, double angle) {
    double dx = Math.cos(angle);
    double dy = Math.sin(angle);
    double r = RAY_STEP;
    while (sample(coverage, w, h, cx + dx * r, cy + dy * r) >= 0.5) {
      r += RAY_STEP;
    }
    return r;
  }

  /** Bilinear; nothing beyond the frame. */
  private static double sample(double[] coverage, int w, int h, double x, double y) {
    int x0 = (int) Math.floor(x);
    int y0 = (int) Math.floor(y);
    if (x0 < 0 || y0 < 0 || x0 + 1 >= w || y0 + 1 >= h) {
      return 0;
    }
    double u = x - x0;
    double v = y - y0;
    int i = y0 * w + x0;
    return (coverage[i] * (1 - u) + coverage[i + 1] * u) * (1 - v)
        + (coverage[i + w] * (1 - u) + coverage[i + w + 1] * u) * v;
  }

  private static int[] colour(RgbFrame f, int x, int y) {
    return new int[] {f.red(x, y), f.green(x, y), f.blue(x, y)};
  }

  private static void count(int[][] counts, RgbFrame f, int x, int y) {
    counts[0][f.red(x, y)]++;
    counts[1][f.green(x, y)]++;
    counts[2][f.blue(x, y)]++;
  }

  private static int[] median(int[][] counts) {
    int[] median = new int[3];
    for (int c = 0; c < 3; c++) {
      int half = (Arrays.stream(counts[c]).sum() + 1) / 2;
      int seen = counts[c][0];
      while (seen < half) {
        seen += counts[c][++median[c]];
      }
    }
    return median;
  }
}
