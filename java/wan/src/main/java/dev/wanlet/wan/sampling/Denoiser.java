// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/**
 * The model as the sampling loop sees it: latents in, velocity out. Text, image conditions and
 * guidance are inside.
 */
@FunctionalInterface
public interface Denoiser {
  /**
   * Predicts the velocity (noise minus clean latents).
   *
   * @param latents current latents, PyTorch order; not to be changed or kept
   * @param timestep noise level times 1000, in [0, 1000]
   * @param step index of the step, from 0
   * @return velocity, as long as the latents; may be reused by the next call
   * @throws SamplingCancelledException if the user cancelled while it ran
   */
  float[] predict(float[] latents, float timestep, int step);
}
