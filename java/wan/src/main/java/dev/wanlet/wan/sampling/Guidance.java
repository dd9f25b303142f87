// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Objects;

/**
 * Classifier-free guidance: {@code velocity = unconditional + scale * (conditional -
 * unconditional)}, in float32 as the reference. Immutable.
 *
 * @param scale 1 follows the prompt alone and needs one model pass; Wan's defaults are 3 to 6
 */
public record Guidance(float scale) {
  /** The prompt alone. */
  public static final Guidance OFF = new Guidance(1);

  /** Chooses the scale of a step. */
  @FunctionalInterface
  public interface Scale {
    /** Guidance scale of step {@code step}, finite and not negative. */
    float at(int step);
  }

  /** Refuses a scale that is negative or not a number. */
  public Guidance {
    if (!(scale >= 0.0f && scale <= 1000.0f)) {
      throw new IllegalArgumentException(
          "guidance scale " + scale + "; expected a number from 0 to 1000 (1 switches it off)");
    }
  }

  /** Whether the unconditional pass is needed: at scale 1 it cancels out. */
  public boolean needsUnconditional() {
    return scale != 1.0f;
  }

  /**
   * Combines two predictions.
   *
   * @param conditional velocity for the prompt; not changed
   * @param unconditional velocity for the negative prompt, of the same length; overwritten with the
   *     result
   * @return {@code unconditional}, now holding the guided velocity
   * @throws IllegalArgumentException if the lengths differ
   */
  public float[] combine(float[] conditional, float[] unconditional) {
    if (conditional.length != unconditional.length) {
      throw new IllegalArgumentException(
          String.format(
              "guidance: the conditional velocity has %d values, the unconditional %d",
              conditional.length, unconditional.length));
    }
    for (int k = 0; k < conditional.length; k++) {
      float u = unconditional[k];
      unconditional[k] = u + scale * (conditional[k] - u);
    }
    return unconditional;
  }

  /**
   * A denoiser that runs the model once or twice a step, as the step's scale asks.
   *
   * @param conditional the model with the prompt
   * @param unconditional the model with the negative prompt; not called at scale 1. It may write to
   *     the array that {@code conditional} returned: a copy is taken
   * @param scale the scale of each step, e.g. {@code experts::guideScale}
   */
  public static Denoiser denoiser(Denoiser conditional, Denoiser unconditional, Scale scale) {
    Objects.requireNonNull(conditional, "conditional");
    Objects.requireNonNull(unconditional, "unconditional");
    return (latents, timestep, step) -> {
      Guidance guidance = new Guidance(scale.at(step));
      float[] withPrompt = conditional.predict(latents, timestep, step);
      if (!guidance.needsUnconditional()) {
        return withPrompt;
      }
      float[] kept = withPrompt.clone();
      return guidance.combine(kept, unconditional.predict(latents, timestep, step));
    };
  }
}
