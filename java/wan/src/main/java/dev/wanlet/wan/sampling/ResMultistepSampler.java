// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.List;

/**
 * The second-order exponential integrator of two steps (RES): exact for a clean prediction that
 * changes linearly in {@code -log(sigma)}. The first and the last step are of order 1. Draws no
 * noise.
 *
 * <p>Remembers the clean prediction of the previous step. Confined to one thread. Reference: {@code
 * sample_res_multistep} (eta 0) of comfy/k_diffusion/sampling.py of ComfyUI, after
 * arXiv:2308.02157.
 */
public final class ResMultistepSampler extends AbstractSampler {
  private float[] previous; // clean prediction of the step before; null before step 0
  private float[] spare;

  /** Starts a run. */
  public ResMultistepSampler(FlowSchedule schedule) {
    super(SamplingMethod.RES_MULTISTEP, schedule);
  }

  @Override
  void advance(int i, float[] x, float[] velocity) {
    double sigma = schedule().sigma(i);
    double next = schedule().sigma(i + 1);
    float[] clean = spare == null ? new float[x.length] : spare;
    predictClean(x, velocity, sigma, clean);
    double keep = next / sigma;
    double gain = 1.0 - keep;
    double slope = i > 0 && next > 0.0 ? slope(schedule().sigma(i - 1), sigma, next) : 0.0;
    for (int k = 0; k < x.length; k++) {
      double change = slope == 0.0 ? 0.0 : (double) clean[k] - previous[k];
      x[k] = (float) (keep * x[k] + gain * clean[k] + slope * change);
    }
    spare = previous;
    previous = clean;
  }

  /** Factor of the change since the previous prediction: the integral of its linear growth. */
  private static double slope(double before, double sigma, double next) {
    double h = Math.log(sigma / next);
    double hBefore = Math.log(before / sigma);
    return (h + Math.expm1(-h)) / hBefore;
  }

  @Override
  List<float[]> history() {
    return previous == null ? List.of() : List.of(previous);
  }

  @Override
  int historySize(int nextStep) {
    return Math.min(nextStep, 1);
  }

  @Override
  void restoreHistory(List<float[]> history) {
    previous = history.isEmpty() ? null : history.get(0);
    spare = null;
  }
}
