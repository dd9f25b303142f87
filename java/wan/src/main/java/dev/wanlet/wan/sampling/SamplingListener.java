// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/** Hears of each finished step; called on the sampling thread. */
@FunctionalInterface
public interface SamplingListener {
  /**
   * A finished step. The arrays are the loop's own: valid during the call, to be copied if kept and
   * never changed.
   *
   * @param index the step, from 0
   * @param steps how many steps the run has
   * @param timestep what the model was told
   * @param latents latents after the step
   * @param sampler the solver, whose {@link Sampler#state()} belongs to {@code latents}: together
   *     they are a checkpoint
   */
  record Step(int index, int steps, float timestep, float[] latents, Sampler sampler) {}

  /** Called after each step, checks passed. What it throws ends the run. */
  void stepDone(Step step);
}
