// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Arrays;
import java.util.List;

/** The bookkeeping that all solvers share: order of steps, lengths, snapshots. */
abstract class AbstractSampler implements Sampler {
  private final SamplingMethod method;
  private final FlowSchedule schedule;
  private int nextStep;

  AbstractSampler(SamplingMethod method, FlowSchedule schedule) {
    this.method = method;
    this.schedule = schedule;
  }

  /** Does step {@code i} in place; arguments are checked. */
  abstract void advance(int i, float[] x, float[] velocity);

  /** The solver's memory, oldest meaning first; no copies. */
  List<float[]> history() {
    return List.of();
  }

  /** How many arrays {@link #history()} has when {@code nextStep} steps are done. */
  int historySize(int nextStep) {
    return 0;
  }

  /** Takes over arrays in the order of {@link #history()}; their number and lengths are checked. */
  void restoreHistory(List<float[]> history) {}

  @Override
  public final SamplingMethod method() {
    return method;
  }

  @Override
  public final FlowSchedule schedule() {
    return schedule;
  }

  @Override
  public final int nextStep() {
    return nextStep;
  }

  @Override
  public final void step(int i, float[] latents, float[] velocity) {
    if (nextStep == schedule.steps()) {
      throw new IllegalStateException(
          method + ": all " + nextStep + " steps are done; make a new sampler for another run");
    }
    if (i != nextStep) {
      throw new IllegalStateException(
          method + ": asked for step " + i + ", but step " + nextStep + " is next");
    }
    checkLength("velocity", velocity.length, latents.length);
    for (float[] earlier : history()) {
      checkLength("history of earlier steps", earlier.length, latents.length);
    }
    advance(i, latents, velocity);
    nextStep++;
  }

  private void checkLength(String what, int length, int latents) {
    if (length != latents) {
      throw new IllegalArgumentException(
          String.format(
              "%s, step %d: %s has %d values, the latents have %d; they must agree",
              method, nextStep, what, length, latents));
    }
  }

  @Override
  public final SamplerState state() {
    return new SamplerState(method, nextStep, schedule.sigmas(), copies(history()));
  }

  @Override
  public final void restore(SamplerState state) {
    if (state.method() != method) {
      throw refusal("it was written by " + state.method() + "; resume with the same method");
    }
    if (!Arrays.equals(state.sigmas(), schedule.sigmas())) {
      throw refusal("its noise levels differ; resume with the same steps, shift and method");
    }
    if (state.nextStep() < 0 || state.nextStep() > schedule.steps()) {
      throw refusal("next step " + state.nextStep() + " is outside 0.." + schedule.steps());
    }
    int expected = historySize(state.nextStep());
    List<float[]> history = state.history();
    if (history.size() != expected) {
      throw refusal(
          String.format(
              "it holds %d arrays, expected %d before step %d; the file is damaged",
              history.size(), expected, state.nextStep()));
    }
    for (float[] array : history) {
      if (array.length != history.get(0).length) {
        throw refusal(
            String.format(
                "its arrays have %d and %d values; the file is damaged",
                history.get(0).length, array.length));
      }
    }
    restoreHistory(copies(history));
    nextStep = state.nextStep();
  }

  private IllegalArgumentException refusal(String reason) {
    return new IllegalArgumentException("cannot resume with " + method + ": " + reason);
  }

  private static List<float[]> copies(List<float[]> arrays) {
    return arrays.stream().map(float[]::clone).toList();
  }

  /**
   * Writes {@code x - sigma * velocity}, the clean latents the model believes in, to {@code clean}.
   */
  static void predictClean(float[] x, float[] velocity, double sigma, float[] clean) {
    for (int k = 0; k < x.length; k++) {
      clean[k] = (float) (x[k] - sigma * velocity[k]);
    }
  }

  /** log(alpha / sigma), with alpha = 1 - sigma; -infinity at sigma 1, +infinity at sigma 0. */
  static double logSnr(double sigma) {
    return Math.log(1.0 - sigma) - Math.log(sigma);
  }
}
