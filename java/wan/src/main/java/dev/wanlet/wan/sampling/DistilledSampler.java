// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Objects;

/**
 * The solver of few-step models: form the clean latents {@code x0 = x - sigma * velocity}, then put
 * noise of the next level back on. With {@link SamplingMethod#DISTILLED} that is the noise the
 * model predicted ({@code x0 + sigma_next * velocity}), with {@link SamplingMethod#LCM} fresh noise
 * ({@code (1 - sigma_next) * x0 + sigma_next * noise}). The last step returns x0.
 *
 * <p>rCM ({@link SamplingMethod#RCM}) steps as {@link SamplingMethod#LCM} does; what sets it apart
 * are its noise levels and its start ({@link SamplingMethod#begin}).
 *
 * <p>Remembers nothing between steps: {@link StepNoise} gives the same numbers for a step whenever
 * it is asked. Confined to one thread. Reference: the step-distilled schedulers published with the
 * distilled checkpoints, FastVideo's DMD sampling for the second variant, and
 * turbodiffusion/inference/wan2.1_t2v_infer.py of TurboDiffusion for rCM.
 */
public final class DistilledSampler extends AbstractSampler {
  private final StepNoise noise; // null: the model's own noise

  /** Starts a run that keeps the model's own noise ({@link SamplingMethod#DISTILLED}). */
  public DistilledSampler(FlowSchedule schedule) {
    super(SamplingMethod.DISTILLED, schedule);
    this.noise = null;
  }

  /** Starts a run that draws fresh noise at every step ({@link SamplingMethod#LCM}). */
  public DistilledSampler(FlowSchedule schedule, StepNoise noise) {
    this(SamplingMethod.LCM, schedule, noise);
  }

  DistilledSampler(SamplingMethod method, FlowSchedule schedule, StepNoise noise) {
    super(method, schedule);
    this.noise = Objects.requireNonNull(noise, "noise");
  }

  @Override
  void advance(int i, float[] x, float[] velocity) {
    float sigma = schedule().sigma(i);
    float next = schedule().sigma(i + 1);
    if (noise == null) {
      for (int k = 0; k < x.length; k++) {
        x[k] = x[k] - sigma * velocity[k] + next * velocity[k];
      }
      return;
    }
    predictClean(x, velocity, sigma, x);
    if (next > 0.0f) {
      float[] fresh = noise.draw(i, x.length);
      for (int k = 0; k < x.length; k++) {
        x[k] = (1.0f - next) * x[k] + next * fresh[k];
      }
    }
  }
}
