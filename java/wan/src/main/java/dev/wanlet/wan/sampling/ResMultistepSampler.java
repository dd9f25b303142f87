// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/**
 * The second-order exponential integrator of two steps (RES): exact for a clean prediction that
 * changes linearly in {@code -log(sigma)}. The first and the last step are of order 1. Draws no
 * noise.
 *
 * <p>Remembers the clean prediction of the previous step. Confined to one thread. Reference: {@code
 * sample_res_multistep} (eta 0) of comfy/k_diffusion/sampling.py of ComfyUI, after
 * arXiv:2308.02157.
 */
public final class ResMultistepSampler extends TwoStepSampler {
  /** Starts a run. */
  public ResMultistepSampler(FlowSchedule schedule) {
    super(SamplingMethod.RES_MULTISTEP, schedule);
  }

  @Override
  void move(int i, float[] x, float[] clean, float[] previous) {
    double sigma = schedule().sigma(i);
    double next = schedule().sigma(i + 1);
    double keep = next / sigma;
    double gain = 1.0 - keep;
    double slope = i > 0 && next > 0.0 ? slope(schedule().sigma(i - 1), sigma, next) : 0.0;
    for (int k = 0; k < x.length; k++) {
      double change = slope == 0.0 ? 0.0 : (double) clean[k] - previous[k];
      x[k] = (float) (keep * x[k] + gain * clean[k] + slope * change);
    }
  }

  /** Factor of the change since the previous prediction: the integral of its linear growth. */
  private static double slope(double before, double sigma, double next) {
    double h = Math.log(sigma / next);
    double hBefore = Math.log(before / sigma);
    return (h + Math.expm1(-h)) / hBefore;
  }
}
