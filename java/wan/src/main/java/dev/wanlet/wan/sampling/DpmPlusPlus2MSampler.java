// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/**
 * DPM-Solver++ of order 2 (multistep, midpoint), on clean predictions; the first and the last step
 * are of order 1.
 *
 * <p>Remembers the clean prediction of the previous step. Confined to one thread. Reference: {@code
 * FlowDPMSolverMultistepScheduler} of wan/utils/fm_solvers.py.
 */
public final class DpmPlusPlus2MSampler extends TwoStepSampler {
  /** Starts a run. */
  public DpmPlusPlus2MSampler(FlowSchedule schedule) {
    super(SamplingMethod.DPMPP_2M, schedule);
  }

  @Override
  void move(int i, float[] x, float[] clean, float[] previous) {
    double sigma = schedule().sigma(i);
    double next = schedule().sigma(i + 1);

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
  }
}
