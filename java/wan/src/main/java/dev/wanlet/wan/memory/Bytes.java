// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.Locale;

/** Prints sizes. Stateless. */
public final class Bytes {
  private static final double KIB = 1024;

  private Bytes() {}

  /** With one decimal in the largest unit that fits: {@code 3.7 GiB}, {@code 512.0 MiB}. */
  public static String text(long bytes) {
    double value = bytes;
    String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (Math.abs(value) >= KIB && unit < units.length - 1) {
      value /= KIB;
      unit++;
    }
    return unit == 0 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
  }
}
