// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * The mean difference between two rows over the same prompts and seeds, with the interval in which
 * 95 of 100 means of clips drawn anew from these lie (bootstrap). Immutable.
 */
record PairedDifference(double mean, double low, double high) {
  private static final int DRAWS = 4000;

  /**
   * @param differences one for each prompt
   */
  static PairedDifference of(double[] differences) {
    Random random = new Random(1);
    double[] means = new double[DRAWS];
    for (int d = 0; d < DRAWS; d++) {
      for (int i = 0; i < differences.length; i++) {
        means[d] += differences[random.nextInt(differences.length)] / differences.length;
      }
    }
    Arrays.sort(means);
    return new PairedDifference(
        Arrays.stream(differences).average().orElse(0),
        means[(int) (0.025 * DRAWS)],
        means[(int) (0.975 * DRAWS) - 1]);
  }

  /** In points of a hundred: {@code -2.1 (-5.2 to 0.0)}. */
  String points() {
    return String.format(Locale.ROOT, "%+.1f (%+.1f to %+.1f)", 100 * mean, 100 * low, 100 * high);
  }

  /** As a plain number. */
  String number() {
    return String.format(Locale.ROOT, "%+.3f (%+.3f to %+.3f)", mean, low, high);
  }
}
