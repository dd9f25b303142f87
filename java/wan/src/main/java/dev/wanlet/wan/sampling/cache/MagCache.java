// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.Arrays;
import java.util.List;

/**
 * Does without the blocks while the product of a table's ratios since they ran last stays near 1.
 *
 * <p>Reference: magcache_forward of MagCache4Wan2.1/magcache_generate.py in Zehong-Ma/MagCache,
 * arXiv:2506.09045; the share of kept steps counts whole steps here, rounded up, and those of each
 * expert by itself.
 */
final class MagCache extends StepCache {
  private final double[][] ratios;
  private final double[] product = {1, 1};
  private final double[] error = {0, 0};
  private final int[] skipped = {0, 0};

  MagCache(CacheNumbers numbers, CacheSteps steps) {
    super(numbers, steps);
    ratios =
        new double[][] {
          nearest(numbers.prompt(), steps.steps()), nearest(numbers.without(), steps.steps())
        };
  }

  /** A table of one number of steps for another: nearest_interp of the reference. */
  static double[] nearest(List<Double> table, int steps) {
    double[] result = new double[steps];
    if (steps == 1) {
      result[0] = table.get(table.size() - 1);
      return result;
    }
    double scale = (table.size() - 1.0) / (steps - 1);
    for (int i = 0; i < steps; i++) {
      result[i] = table.get((int) Math.rint(i * scale)); // numpy rounds halves to even too
    }
    return result;
  }

  @Override
  boolean decide(int step, int branch, boolean free, PassView view) {
    if (free) {
      product[branch] *= ratios[branch][step];
      skipped[branch]++;
      error[branch] += Math.abs(1 - product[branch]);
      boolean few = numbers().most() == 0 || skipped[branch] <= numbers().most();
      if (error[branch] < numbers().threshold() && few) {
        return true;
      }
    }
    product[branch] = 1;
    error[branch] = 0;
    skipped[branch] = 0;
    return false;
  }

  @Override
  void learn(int branch, boolean continues, float[] velocity) {
    // The table says all there is.
  }

  @Override
  List<Double> ownNumbers() {
    return Arrays.asList(
        product[0], error[0], (double) skipped[0], product[1], error[1], (double) skipped[1]);
  }

  @Override
  List<float[]> ownArrays() {
    return List.of();
  }

  @Override
  void restoreOwn(List<Double> own, List<float[]> arrays) {
    if (!arrays.isEmpty()) {
      throw damaged();
    }
    for (int b = 0; b < BRANCHES; b++) {
      product[b] = own.get(3 * b);
      error[b] = own.get(3 * b + 1);
      skipped[b] = own.get(3 * b + 2).intValue();
    }
  }
}
