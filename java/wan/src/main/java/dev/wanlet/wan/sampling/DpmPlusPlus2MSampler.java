// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.List;

/**
 * DPM-Solver++ of order 2 (multistep, midpoint), on clean predictions; the first and the last step
 * are of order 1.
 *
 * <p>Remembers the clean prediction of the previous step. Confined to one thread. Reference: {@code
 * FlowDPMSolverMultistepScheduler} of wan/utils/fm_solvers.py.
 */
public final class DpmPlusPlus2MSampler extends AbstractSampler {
  private float[] previous; // clean prediction of the step before; null before step 0
  private float[] spare;

  /** Starts a run. */
  public DpmPlusPlus2MSampler(FlowSchedule schedule) {
    super(SamplingMethod.DPMPP_2M, schedule);
  }

  @Override
  void advance(int i, float[] x, float[] velocity) {
    double sigma = schedule().sigma(i);
    double next = schedule().sigma(i + 1);
    float[] clean = spare == null ? new float[x.length] : spare;
    predictClean(x, velocity, sigma, clean);

    double h = logSnr(next) - logSnr(sigma); // +infinity where sigma is 1 or next is 0: still exact
    double gain = -(1.0 - next) * Math.expm1(-h);
    double keep = next / sigma;
    boolean secondOrder = i > 0 && i + 1 < schedule().steps();
    if (secondOrder) {
      double ratio = (logSnr(sigma) - logSnr(schedule().sigma(i - 1))) / h;
      double slope = 0.5 * gain / ratio;
      for (int k = 0; k < x.length; k++) {
        x[k] = (float) (keep * x[k] + gain * clean[k] + slope * ((double) clean[k] - previous[k]));
      }
    } else {
      for (int k = 0; k < x.length; k++) {
        x[k] = (float) (keep * x[k] + gain * clean[k]);
      }
    }
    spare = previous;
    previous = clean;
  }

  @Override
  List<float[]> history() {
    return previous == null ? List.of() : List.of(previous);
  }

  @Override
  int historySize(int nextStep) {
    return Math.min(nextStep, 1);
  }

  @Override
  void restoreHistory(List<float[]> history) {
    previous = history.isEmpty() ? null : history.get(0);
    spare = null;
  }
}
