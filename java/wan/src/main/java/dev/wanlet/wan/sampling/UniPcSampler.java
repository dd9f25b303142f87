// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.ArrayList;
import java.util.List;

/**
 * UniPC of order 2, variant bh2, on clean predictions, corrector on: Wan's default solver. Each
 * step first corrects the current latents with the new prediction, then predicts the next ones; the
 * first and the last prediction are of order 1.
 *
 * <p>Remembers the corrected latents of the previous step and the last two clean predictions.
 * Coefficients are float64, arrays float32. Confined to one thread. Reference: {@code
 * FlowUniPCMultistepScheduler} of wan/utils/fm_solvers_unipc.py.
 */
public final class UniPcSampler extends AbstractSampler {
  private static final int MAX_ORDER = 2;

  private float[] corrected; // latents the last prediction started from; null before step 0
  private float[] previous; // clean prediction of the last step; null before step 0
  private float[] beforePrevious; // and of the one before it; null before step 1
  private float[] spare;

  /** Starts a run. */
  public UniPcSampler(FlowSchedule schedule) {
    super(SamplingMethod.UNIPC, schedule);
  }

  /** Order of the prediction made at step {@code i}: 1 at both ends of the run, else 2. */
  public int predictorOrder(int i) {
    return Math.min(MAX_ORDER, Math.min(i + 1, schedule().steps() - i));
  }

  @Override
  void advance(int i, float[] x, float[] velocity) {
    float[] clean = spare == null ? new float[x.length] : spare;
    predictClean(x, velocity, schedule().sigma(i), clean);
    if (i > 0) {
      correct(i, x, clean);
    }
    spare = beforePrevious;
    beforePrevious = previous;
    previous = clean;
    if (corrected == null) {
      corrected = new float[x.length];
    }
    System.arraycopy(x, 0, corrected, 0, x.length);
    predict(i, x);
  }

  /** Goes from {@link #corrected}, at level i - 1, to level i again, now knowing {@code clean}. */
  private void correct(int i, float[] x, float[] clean) {
    Interval interval = new Interval(schedule().sigma(i - 1), schedule().sigma(i));
    boolean secondOrder = predictorOrder(i - 1) == 2;
    double ratio = 1.0;
    double oldWeight = 0.0;
    double newWeight = 0.5;
    if (secondOrder) {
      // [[1, 1], [ratio, 1]] * weights = [b1, b2]
      ratio = interval.ratioOf(schedule().sigma(i - 2));
      oldWeight = (interval.b1() - interval.b2()) / (1.0 - ratio);
      newWeight = interval.b1() - oldWeight;
    }
    double keep = interval.keep();
    double gain = interval.gain();
    double oldSlope = gain * oldWeight / ratio;
    double newSlope = gain * newWeight;
    for (int k = 0; k < x.length; k++) {
      double base = previous[k];
      double value = keep * corrected[k] + gain * base + newSlope * (clean[k] - base);
      if (secondOrder) {
        value += oldSlope * (beforePrevious[k] - base);
      }
      x[k] = (float) value;
    }
  }

  /** Goes from level i to level i + 1. */
  private void predict(int i, float[] x) {
    Interval interval = new Interval(schedule().sigma(i), schedule().sigma(i + 1));
    double keep = interval.keep();
    double gain = interval.gain();
    if (predictorOrder(i) == 1) {
      for (int k = 0; k < x.length; k++) {
        x[k] = (float) (keep * x[k] + gain * previous[k]);
      }
      return;
    }
    double slope = 0.5 * gain / interval.ratioOf(schedule().sigma(i - 1));
    for (int k = 0; k < x.length; k++) {
      double base = previous[k];
      x[k] = (float) (keep * x[k] + gain * base + slope * (beforePrevious[k] - base));
    }
  }

  @Override
  List<float[]> history() {
    List<float[]> arrays = new ArrayList<>(3);
    if (previous != null) {
      arrays.add(corrected);
      arrays.add(previous);
    }
    if (beforePrevious != null) {
      arrays.add(beforePrevious);
    }
    return arrays;
  }

  @Override
  int historySize(int nextStep) {
    return nextStep == 0 ? 0 : Math.min(nextStep + 1, 3);
  }

  @Override
  void restoreHistory(List<float[]> history) {
    corrected = history.isEmpty() ? null : history.get(0);
    previous = history.isEmpty() ? null : history.get(1);
    beforePrevious = history.size() < 3 ? null : history.get(2);
    spare = null;
  }

  /**
   * The scalars of one interval between noise levels. At the ends, where {@code h} is infinite, all
   * of them have finite limits that IEEE arithmetic reaches by itself.
   */
  private static final class Interval {
    private final double sigmaFrom;
    private final double sigmaTo;
    private final double h;

    Interval(double sigmaFrom, double sigmaTo) {
      this.sigmaFrom = sigmaFrom;
      this.sigmaTo = sigmaTo;
      this.h = logSnr(sigmaTo) - logSnr(sigmaFrom);
    }

    /** Factor of the latents. */
    double keep() {
      return sigmaTo / sigmaFrom;
    }

    /** Factor of the clean prediction; bh2 scales the differences by the same number. */
    double gain() {
      return -(1.0 - sigmaTo) * Math.expm1(-h);
    }

    /** Where an earlier noise level lies, in units of this interval: negative. */
    double ratioOf(double earlierSigma) {
      return (logSnr(earlierSigma) - logSnr(sigmaFrom)) / h;
    }

    double b1() {
      return phi2() / Math.expm1(-h);
    }

    double b2() {
      return 2.0 * (phi2() / -h - 0.5) / Math.expm1(-h);
    }

    private double phi2() {
      return Math.expm1(-h) / -h - 1.0;
    }
  }
}
