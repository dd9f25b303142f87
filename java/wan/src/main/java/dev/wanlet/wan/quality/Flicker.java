// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * How far the brightness of still areas jumps from frame to frame, mean over all three frames in a
 * row.
 *
 * <p>The frame is divided into 8x8 areas; m(t) is the mean luma of one. Of |m(t) - (m(t-1) +
 * m(t+1)) / 2| the median over the areas is taken: areas through which something moves do not
 * decide, and a steady fade counts nothing.
 */
final class Flicker implements ClipMeasure {
  private static final int SIDE = 8;

  private final ArrayDeque<double[]> last = new ArrayDeque<>();
  private double sum;
  private int triples;

  @Override
  public MeasureInfo info() {
    return new MeasureInfo(
        "flicker",
        "levels",
        Better.LOWER,
        3,
        "median over an 8x8 grid of how far an area's mean luma is off the mean of the frames"
            + " before and after");
  }

  @Override
  public void accept(Planes f) {
    last.addLast(areas(f));
    if (last.size() < 3) {
      return;
    }
    double[] before = last.removeFirst();
    double[] now = last.getFirst();
    double[] after = last.getLast();
    double[] jumps = new double[now.length];
    for (int i = 0; i < jumps.length; i++) {
      jumps[i] = Math.abs(now[i] - (before[i] + after[i]) / 2);
    }
    Arrays.sort(jumps);
    sum += (jumps[(jumps.length - 1) / 2] + jumps[jumps.length / 2]) / 2;
    triples++;
  }

  private static double[] areas(Planes f) {
    int columns = Math.min(SIDE, f.width());
    int rows = Math.min(SIDE, f.height());
    double[] sums = new double[columns * rows];
    int[] counts = new int[sums.length];
    for (int y = 0; y < f.height(); y++) {
      for (int x = 0; x < f.width(); x++) {
        int area =
            (int) ((long) y * rows / f.height()) * columns + (int) ((long) x * columns / f.width());
        sums[area] += f.luma()[y * f.width() + x];
        counts[area]++;
      }
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] /= counts[i];
    }
    return sums;
  }

  @Override
  public OptionalDouble value() {
    return triples < 1 ? OptionalDouble.empty() : OptionalDouble.of(sum / triples);
  }
}
