// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as people write it: {@code 6GiB}, {@code 512 MiB}, {@code 7.5GB}, {@code 6G},
 * which means GiB, or plain bytes. Immutable.
 */
public record ByteSize(long bytes) {
  private static final Map<String, Long> UNITS =
      Map.ofEntries(
          Map.entry("", 1L),
          Map.entry("b", 1L),
          Map.entry("k", 1L << 10),
          Map.entry("m", 1L << 20),
          Map.entry("g", 1L << 30),
          Map.entry("t", 1L << 40),
          Map.entry("kib", 1L << 10),
          Map.entry("mib", 1L << 20),
          Map.entry("gib", 1L << 30),
          Map.entry("tib", 1L << 40),
          Map.entry("kb", 1_000L),
          Map.entry("mb", 1_000_000L),
          Map.entry("gb", 1_000_000_000L),
          Map.entry("tb", 1_000_000_000_000L));

  /** Who writes a number below this without a unit means GiB, and would get bytes. */
  private static final BigDecimal FEWEST_BARE_BYTES = BigDecimal.valueOf(1024);

  private static final Pattern TEXT = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([A-Za-z]*)");

  /**
   * Reads a size.
   *
   * @throws IllegalArgumentException if the text is none; the message quotes it
   */
  public static ByteSize parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    Long unit = matcher.matches() ? UNITS.get(matcher.group(2).toLowerCase(Locale.ROOT)) : null;
    if (unit == null) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is not a size; expected a number with KiB, MiB, GiB, KB, MB or GB, such as"
              + " 6GiB, or a number of bytes");
    }
    if (matcher.group(2).isEmpty()
        && new BigDecimal(matcher.group(1)).compareTo(FEWEST_BARE_BYTES) < 0) {
      throw new IllegalArgumentException(
          "'" + text + "' means bytes; for GiB write " + matcher.group(1) + "GiB");
    }
    BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException("'" + text + "' is more than 8 EiB");
    }
    return new ByteSize(bytes.setScale(0, RoundingMode.DOWN).longValueExact());
  }

  /** In print: {@code 6.0 GiB}, {@code 512.0 MiB}, {@code 12 bytes}. */
  public static String format(long bytes) {
    return Bytes.text(bytes);
  }

  @Override
  public String toString() {
    return format(bytes);
  }
}
