// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/** Prints sizes. Stateless. */
public final class Bytes {
  private static final int KIB = 1024;
  private static final List<String> UNITS = List.of("KiB", "MiB", "GiB", "TiB");

  private Bytes() {}

  /** With one decimal in the largest unit that fits: {@code 3.7 GiB}, {@code 512.0 MiB}. */
  public static String text(long bytes) {
    return text(bytes, RoundingMode.HALF_UP);
  }

  /**
   * An amount that is needed: the same, rounded up, so that whoever allows what is printed allows
   * enough.
   */
  public static String needed(long bytes) {
    return text(bytes, RoundingMode.CEILING);
  }

  private static String text(long bytes, RoundingMode mode) {
    if (Math.abs(bytes) < KIB) {
      return bytes + " bytes";
    }
    int unit = 1;
    BigDecimal value = inUnit(bytes, unit, mode);
    while (value.abs().compareTo(BigDecimal.valueOf(KIB)) >= 0 && unit < UNITS.size()) {
      unit++;
      value = inUnit(bytes, unit, mode);
    }
    return value + " " + UNITS.get(unit - 1);
  }

  private static BigDecimal inUnit(long bytes, int unit, RoundingMode mode) {
    return BigDecimal.valueOf(bytes)
        .divide(BigDecimal.valueOf(KIB).pow(unit), MathContext.DECIMAL128)
        .setScale(1, mode);
  }
}
