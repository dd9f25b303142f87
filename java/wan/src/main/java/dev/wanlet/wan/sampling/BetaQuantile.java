// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/** Quantiles of symmetric beta distributions, to about 1e-12. Stateless. */
final class BetaQuantile {
  private static final int HALVINGS = 60;
  private static final int MOST_TERMS = 400;

  private BetaQuantile() {}

  /**
   * The value below which the beta distribution of {@code a} and {@code a} has the share {@code p}.
   *
   * @param p in [0, 1]
   * @param a above 0
   */
  static double of(double p, double a) {
    if (p > 0.5) {
      return 1.0 - of(1.0 - p, a); // symmetric
    }
    if (p == 0.5) {
      return 0.5; // callers round, and this is a tie
    }
    double whole = 2.0 * below(0.5, a);
    double low = 0.0;
    double high = 0.5;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = 0.5 * (low + high);
      if (below(middle, a) < p * whole) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return 0.5 * (low + high);
  }

  /** The integral of t^(a-1) (1-t)^(a-1) from 0 to x, by the binomial series; x at most 0.5. */
  private static double below(double x, double a) {
    double sum = 0.0;
    double coefficient = 1.0; // of t^n in (1-t)^(a-1)
    double power = Math.pow(x, a);
    for (int n = 0; n < MOST_TERMS; n++) {
      double term = coefficient * power / (a + n);
      sum += term;
      if (n > 0 && term < sum * 1e-17) {
        break;
      }
      coefficient *= (n + 1 - a) / (n + 1);
      power *= x;
    }
    return sum;
  }
}
