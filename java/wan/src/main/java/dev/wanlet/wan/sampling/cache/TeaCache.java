// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Does without the blocks while the change of the timestep's embedding, taken through a polynomial,
 * adds up to little.
 *
 * <p>Reference: teacache_forward of TeaCache4Wan2.1/teacache_generate.py in ali-vilab/TeaCache with
 * use_ret_steps, arXiv:2411.19108.
 */
final class TeaCache extends StepCache {
  private final double[] sum = {0, 0};

  TeaCache(CacheNumbers numbers, CacheSteps steps) {
    super(numbers, steps);
  }

  @Override
  boolean decide(int step, int branch, boolean free, PassView view) {
    if (free) {
      sum[branch] +=
          polynomial(change(view.timeSignal(step), view.timeSignal(step - 1)), numbers());
      if (sum[branch] < numbers().threshold()) {
        return true;
      }
    }
    sum[branch] = 0;
    return false;
  }

  /** How much a signal changed, as a share of what it was. */
  static double change(float[] now, float[] before) {
    return meanDistance(now, before) / meanSize(before);
  }

  private static double polynomial(double x, CacheNumbers numbers) {
    double y = 0;
    for (double coefficient : numbers.coefficients()) {
      y = y * x + coefficient;
    }
    return y;
  }

  @Override
  void learn(int branch, boolean continues, float[] velocity) {
    // The timesteps say all there is.
  }

  @Override
  List<Double> ownNumbers() {
    return new ArrayList<>(Arrays.asList(sum[0], sum[1]));
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
    sum[0] = own.get(0);
    sum[1] = own.get(1);
  }
}
