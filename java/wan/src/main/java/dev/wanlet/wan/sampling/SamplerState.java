// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.List;
import java.util.Objects;

/**
 * What a solver remembers between two steps, as plain data: enough, together with the latents, to
 * go on after a restart with the same bits as if nothing had happened.
 *
 * <p>Holds arrays and does not copy them: {@link Sampler#state()} hands out fresh ones, which the
 * owner must not change. Otherwise immutable.
 *
 * @param method the solver that wrote it; another solver refuses it
 * @param nextStep index of the step to run next, 0 to the number of steps
 * @param sigmas the noise levels of the run, [steps + 1]; another schedule refuses it
 * @param history earlier clean predictions and the like, each as long as the latents; how many and
 *     what they mean is the solver's own business
 */
public record SamplerState(
    SamplingMethod method, int nextStep, float[] sigmas, List<float[]> history) {

  /** Copies the list (not the arrays) and refuses nulls. */
  public SamplerState {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(sigmas, "sigmas");
    history = List.copyOf(history);
  }
}
