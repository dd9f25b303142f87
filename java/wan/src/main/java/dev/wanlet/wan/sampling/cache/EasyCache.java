// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Does without the transformer while predictions, which are taken to change as they did between the
 * last two computed steps, change little: the prediction is then the latents plus what it differed
 * from them last. The branch with the prompt decides for both.
 *
 * <p>Reference: easycache_forward of EasyCache4Wan2.1/easycache_generate.py in
 * H-EmbodVis/EasyCache, arXiv:2507.02860.
 */
final class EasyCache extends StepCache {
  private double rate = Double.NaN; // change of predictions for a change of latents; NaN: unknown
  private double error;
  private boolean both; // what the branch with the prompt decided at this step
  private float[] input; // latents at the step before
  private float[] computedOn; // latents that the last computed prediction with the prompt is of
  private final float[][] output = new float[BRANCHES][]; // last computed predictions

  EasyCache(CacheNumbers numbers, CacheSteps steps) {
    super(numbers, steps);
  }

  @Override
  boolean decide(int step, int branch, boolean free, PassView view) {
    if (branch > 0) {
      return both && free && lastComputed(1) == lastComputed(0);
    }
    both = free && input != null && output[0] != null && !Double.isNaN(rate);
    if (both) {
      error += rate * (meanDistance(view.latents(), input) / meanSize(output[0]));
      both = error < numbers().threshold();
    }
    error = both ? error : 0;
    input = view.latents().clone();
    return both;
  }

  @Override
  void learn(int branch, boolean continues, float[] velocity) {
    if (branch == 0) {
      float[] on = lastLatents(0);
      rate =
          continues && computedOn != null
              ? meanDistance(velocity, output[0]) / meanDistance(on, computedOn)
              : Double.NaN;
      computedOn = on;
    }
    output[branch] = velocity.clone();
  }

  @Override
  public float[] velocity(int branch, float[] now) {
    float[] on = lastLatents(branch);
    float[] result = new float[now.length];
    for (int k = 0; k < now.length; k++) {
      result[k] = now[k] + (output[branch][k] - on[k]);
    }
    return result;
  }

  @Override
  List<Double> ownNumbers() {
    return Arrays.asList(rate, error);
  }

  @Override
  List<float[]> ownArrays() {
    List<float[]> arrays = new ArrayList<>();
    for (float[] array : Arrays.asList(input, output[0], output[1])) {
      if (array != null) {
        arrays.add(array);
      }
    }
    return arrays;
  }

  @Override
  void restoreOwn(List<Double> own, List<float[]> arrays) {
    rate = own.get(0);
    error = own.get(1);
    computedOn = lastLatents(0);
    int expected = (lastComputed(0) >= 0 ? 2 : 0) + (lastComputed(1) >= 0 ? 1 : 0);
    if (arrays.size() != expected) {
      throw damaged();
    }
    if (expected > 0) {
      input = arrays.get(0);
      output[0] = arrays.get(1);
      output[1] = expected > 2 ? arrays.get(2) : null;
    }
  }
}
