// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.List;

/** A solver that looks at the clean prediction of this step and of the one before. */
abstract class TwoStepSampler extends AbstractSampler {
  private float[] previous; // clean prediction of the step before; null before step 0
  private float[] spare;

  TwoStepSampler(SamplingMethod method, FlowSchedule schedule) {
    super(method, schedule);
  }

  /**
   * Moves the latents from noise level {@code i} to the next.
   *
   * @param clean what they would be without noise
   * @param previous the same at the step before; null at step 0
   */
  abstract void move(int i, float[] x, float[] clean, float[] previous);

  @Override
  final void advance(int i, float[] x, float[] velocity) {
    float[] clean = spare == null ? new float[x.length] : spare;
    predictClean(x, velocity, schedule().sigma(i), clean);
    move(i, x, clean, previous);
    spare = previous;
    previous = clean;
  }

  @Override
  final List<float[]> history() {
    return previous == null ? List.of() : List.of(previous);
  }

  @Override
  final int historySize(int nextStep) {
    return Math.min(nextStep, 1);
  }

  @Override
  final void restoreHistory(List<float[]> history) {
    previous = history.isEmpty() ? null : history.get(0);
    spare = null;
  }
}
