// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import java.util.Locale;

/** Times for people. Stateless. */
public final class Durations {
  private Durations() {}

  /** {@code 3.4 s}, {@code 5 min 07 s}, {@code 2 h 03 min}. */
  public static String text(double seconds) {
    if (seconds < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 3600) {
      return String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60);
    }
    return String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
  }
}
