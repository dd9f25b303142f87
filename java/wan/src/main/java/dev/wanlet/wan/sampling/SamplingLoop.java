// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * Runs a sampler to its end: ask the model, check the answer, step, constrain, check, report.
 *
 * <p>To resume, restore the sampler's state and pass the latents saved with it: the loop starts at
 * {@link Sampler#nextStep()} and gives the bits of an uninterrupted run. Immutable itself; the
 * sampler in it serves one run on one thread.
 *
 * @param sampler the solver; it knows the schedule and the next step
 * @param denoiser the model, guidance included
 * @param constraint applied to the latents after each step
 * @param listener hears of each finished step
 * @param cancelled asked before each step; may be set from another thread if it is safe for that
 */
public record SamplingLoop(
    Sampler sampler,
    Denoiser denoiser,
    Constraint constraint,
    SamplingListener listener,
    BooleanSupplier cancelled) {

  /** Overwrites what must stay as given, e.g. the latents of a first frame. */
  @FunctionalInterface
  public interface Constraint {
    /** Corrects {@code latents} in place after step {@code step}. */
    void apply(float[] latents, int step);
  }

  /** Refuses nulls. */
  public SamplingLoop {
    Objects.requireNonNull(sampler, "sampler");
    Objects.requireNonNull(denoiser, "denoiser");
    Objects.requireNonNull(constraint, "constraint");
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(cancelled, "cancelled");
  }

  /** A loop without constraint, listener or cancelling. */
  public SamplingLoop(Sampler sampler, Denoiser denoiser) {
    this(sampler, denoiser, (latents, step) -> {}, step -> {}, () -> false);
  }

  /** This loop with a constraint. */
  public SamplingLoop withConstraint(Constraint value) {
    return new SamplingLoop(sampler, denoiser, value, listener, cancelled);
  }

  /** This loop with a listener. */
  public SamplingLoop withListener(SamplingListener value) {
    return new SamplingLoop(sampler, denoiser, constraint, value, cancelled);
  }

  /** This loop with a question asked before each step: stop here? */
  public SamplingLoop withCancelled(BooleanSupplier value) {
    return new SamplingLoop(sampler, denoiser, constraint, listener, value);
  }

  /**
   * Runs the steps that are left.
   *
   * @param latents noise, or the latents of a checkpoint; overwritten step by step. After a
   *     cancelled run they and the sampler's state are a valid checkpoint
   * @return {@code latents}, now clean
   * @throws SamplingCancelledException if cancelled
   * @throws NonFiniteException if a prediction or the latents hold NaN or infinity
   * @throws IllegalArgumentException if a prediction has the wrong length
   */
  public float[] run(float[] latents) {
    return run(latents, sampler.schedule().steps());
  }

  /**
   * Runs steps until {@code until} are done; otherwise as {@link #run(float[])}. A later call goes
   * on from there.
   */
  public float[] run(float[] latents, int until) {
    FlowSchedule schedule = sampler.schedule();
    int steps = schedule.steps();
    for (int i = sampler.nextStep(); i < Math.min(until, steps); i++) {
      if (cancelled.getAsBoolean()) {
        throw new SamplingCancelledException(i, steps);
      }
      float timestep = schedule.timestep(i);
      float[] velocity = denoiser.predict(latents, timestep, i);
      checkFinite(
          velocity,
          i,
          "the model's prediction",
          "Try precision f32, or BF16 instead of F16 weights, or adapters of less strength or none; if it stays,"
              + " the checkpoint is damaged.");
      sampler.step(i, latents, velocity);
      constraint.apply(latents, i);
      checkFinite(latents, i, "the latents", "Try a lower guidance scale or another method.");
      listener.stepDone(new SamplingListener.Step(i, steps, timestep, latents, sampler));
    }
    return latents;
  }

  private void checkFinite(float[] values, int step, String what, String advice) {
    int first = -1;
    int count = 0;
    for (int k = 0; k < values.length; k++) {
      if (!Float.isFinite(values[k])) {
        first = count == 0 ? k : first;
        count++;
      }
    }
    if (count > 0) {
      FlowSchedule schedule = sampler.schedule();
      throw new NonFiniteException(
          String.format(
              "sampling step %d of %d (timestep %s, %s): %s holds %d of %d values that are not"
                  + " finite, the first %s at index %d. %s",
              step + 1,
              schedule.steps(),
              schedule.timestep(step),
              sampler.method(),
              what,
              count,
              values.length,
              values[first],
              first,
              advice),
          step);
    }
  }
}
