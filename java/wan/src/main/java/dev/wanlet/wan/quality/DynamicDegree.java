// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * How fast the fastest twentieth of the picture moves, mean over frames: the displacements of
 * {@link BlockSearch}, in percent of the shorter side a frame. A camera's motion counts too.
 */
final class DynamicDegree implements ClipMeasure {
  private static final double FASTEST = 0.05;

  private Planes before;
  private double sum;
  private int pairs;

  @Override
  public MeasureInfo info() {
    return new MeasureInfo(
        "dynamic_degree",
        "percent a frame",
        Better.NEITHER,
        2,
        "displacement of the fastest twentieth of 8x8-cell blocks, in percent of the shorter side");
  }

  @Override
  public void accept(Planes f) {
    Planes now = f.reduced();
    if (before != null) {
      sum += 100 * fastest(before, now) / Math.min(now.width(), now.height());
      pairs++;
    }
    before = now;
  }

  private static double fastest(Planes before, Planes now) {
    double[] lengths = new double[BlockSearch.blocks(now)];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = BlockSearch.displacement(before, now, i);
    }
    Arrays.sort(lengths);
    int count = (int) Math.ceil(FASTEST * lengths.length);
    double total = 0;
    for (int i = lengths.length - count; i < lengths.length; i++) {
      total += lengths[i] / count;
    }
    return total;
  }

  @Override
  public OptionalDouble value() {
    return pairs < 1 ? OptionalDouble.empty() : OptionalDouble.of(sum / pairs);
  }
}
