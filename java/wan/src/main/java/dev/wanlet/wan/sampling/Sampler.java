// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/**
 * One solver working on one run: it turns the model's velocity into the latents of the next noise
 * level, step by step in order, and may remember earlier steps.
 *
 * <p>The loop is: {@code for (i = nextStep(); i < schedule().steps(); i++) step(i, latents,
 * model(latents, schedule().timestep(i)))}. {@link SamplingLoop} runs it with checks. Confined to
 * one thread; make a new one for each run.
 */
public interface Sampler {
  /** Which solver this is. */
  SamplingMethod method();

  /** The noise levels of the run. */
  FlowSchedule schedule();

  /** Index of the step to run next; equal to {@code schedule().steps()} when the run is over. */
  int nextStep();

  /**
   * Moves the latents from noise level {@code i} to {@code i + 1}, in place.
   *
   * @param i index of the step; must be {@link #nextStep()}
   * @param latents values at {@code schedule().sigma(i)}; overwritten
   * @param velocity the model's (guided) prediction for them, of the same length; not changed
   * @throws IllegalStateException if {@code i} is not the next step
   * @throws IllegalArgumentException if a length differs from the other array or from earlier steps
   */
  void step(int i, float[] latents, float[] velocity);

  /** A snapshot in arrays of its own, valid after further steps. */
  SamplerState state();

  /**
   * Goes back to a snapshot; the next step then gives the bits that it gave when the snapshot was
   * taken, if the latents are the same.
   *
   * @throws IllegalArgumentException if the snapshot is of another solver or schedule, or is
   *     damaged; this object is then unchanged
   */
  void restore(SamplerState state);
}
