// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Objects;

/**
 * Euler with fresh noise at every step, for rectified flow: it steps below the next noise level, to
 * {@code down = next * next / sigma}, and puts as much noise back on as brings signal and noise to
 * the proportions of the next level. The last step returns the clean prediction.
 *
 * <p>Remembers nothing between steps: {@link StepNoise} gives the same numbers for a step whenever
 * it is asked. Confined to one thread. Reference: {@code sample_euler_ancestral_RF} (eta 1, s_noise
 * 1) of comfy/k_diffusion/sampling.py of ComfyUI.
 */
public final class EulerAncestralSampler extends AbstractSampler {
  private final StepNoise noise;

  /** Starts a run. */
  public EulerAncestralSampler(FlowSchedule schedule, StepNoise noise) {
    super(SamplingMethod.EULER_ANCESTRAL, schedule);
    this.noise = Objects.requireNonNull(noise, "noise");
  }

  @Override
  void advance(int i, float[] x, float[] velocity) {
    double sigma = schedule().sigma(i);
    double next = schedule().sigma(i + 1);
    double down = next * next / sigma;
    double rescale = (1.0 - next) / (1.0 - down);
    double keptNoise = down * rescale;
    double fresh = Math.sqrt(Math.max(0.0, next * next - keptNoise * keptNoise));
    float[] drawn = next > 0.0 ? noise.draw(i, x.length) : null;
    for (int k = 0; k < x.length; k++) {
      double value = x[k] + (down - sigma) * velocity[k];
      x[k] = (float) (drawn == null ? value : rescale * value + fresh * drawn[k]);
    }
  }
}
