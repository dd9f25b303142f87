// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.List;

/**
 * The guidance of one run: which passes each step takes, and how their velocities become one.
 * Adaptive projected guidance remembers earlier steps. Sums are float64, arrays float32. Confined
 * to one thread.
 */
public final class Guider {
  private static final double ZERO_STAR_EPS = 1e-8;

  private final ExpertSchedule experts;
  private final GuidanceRule rule;
  private float[] momentum; // running sum of differences; null before the first guided step

  /** Starts a run. */
  public Guider(ExpertSchedule experts, GuidanceRule rule) {
    this.experts = experts;
    this.rule = rule;
  }

  /** Whether the velocity of this step is zero, whatever the model says: no pass is needed. */
  public boolean isZero(int step) {
    return step < rule.zeroInitSteps();
  }

  /** Whether this step needs the velocity without the prompt. */
  public boolean needsUnconditional(int step) {
    return !isZero(step) && experts.guidance(step).needsUnconditional();
  }

  /**
   * Combines two predictions.
   *
   * @param conditional velocity for the prompt; not changed
   * @param unconditional velocity for the negative prompt, of the same length; overwritten with the
   *     result
   * @return {@code unconditional}, now holding the guided velocity
   * @throws IllegalArgumentException if a length differs from the other or from earlier steps
   */
  public float[] combine(int step, float[] conditional, float[] unconditional) {
    Guidance guidance = experts.guidance(step);
    return switch (rule.kind()) {
      case CFG -> guidance.combine(conditional, unconditional);
      case CFG_ZERO_STAR -> zeroStar(guidance, conditional, unconditional);
      case APG -> projected(guidance, conditional, unconditional);
    };
  }

  private static float[] zeroStar(Guidance guidance, float[] c, float[] u) {
    requireSame("unconditional velocity", u.length, c.length);
    float share = (float) (dot(c, u) / (dot(u, u) + ZERO_STAR_EPS));
    for (int k = 0; k < u.length; k++) {
      u[k] *= share;
    }
    return guidance.combine(c, u);
  }

  private float[] projected(Guidance guidance, float[] c, float[] u) {
    requireSame("unconditional velocity", u.length, c.length);
    if (momentum == null) {
      momentum = new float[c.length];
    }
    requireSame("memory of earlier differences", momentum.length, c.length);
    float keep = (float) rule.apg().momentum();
    for (int k = 0; k < c.length; k++) {
      momentum[k] = c[k] - u[k] + keep * momentum[k];
    }
    double length = Math.sqrt(dot(momentum, momentum));
    double cap = rule.apg().norm();
    double scale = cap > 0 && length > cap ? cap / length : 1.0;
    double square = dot(c, c);
    double along = square > 0 ? scale * dot(momentum, c) / square : 0.0;
    double across = along * (rule.apg().eta() - 1.0);
    double strength = guidance.scale() - 1.0;
    for (int k = 0; k < c.length; k++) {
      u[k] = (float) (c[k] + strength * (scale * momentum[k] + across * c[k]));
    }
    return u;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += (double) a[k] * b[k];
    }
    return sum;
  }

  private static void requireSame(String what, int length, int expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          String.format("guidance: the %s has %d values, expected %d", what, length, expected));
    }
  }

  /** What it remembers, to be saved with the latents; the arrays themselves. */
  public List<float[]> state() {
    return momentum == null ? List.of() : List.of(momentum);
  }

  /**
   * Goes back to a saved state; takes the arrays over as copies.
   *
   * @param nextStep the step that comes next
   * @param length values of the latents
   * @throws IllegalArgumentException if the state is not of such a run
   */
  public void restore(List<float[]> state, int nextStep, int length) {
    boolean remembers = rule.kind() == GuidanceRule.Kind.APG && guidedBefore(nextStep);
    if (state.size() != (remembers ? 1 : 0)) {
      throw new IllegalArgumentException(
          String.format(
              "cannot resume: it holds %d arrays of guidance, expected %d before step %d",
              state.size(), remembers ? 1 : 0, nextStep));
    }
    if (remembers) {
      requireSame("saved memory of earlier differences", state.get(0).length, length);
      momentum = state.get(0).clone();
    }
  }

  private boolean guidedBefore(int nextStep) {
    for (int step = 0; step < nextStep; step++) {
      if (needsUnconditional(step)) {
        return true;
      }
    }
    return false;
  }
}
