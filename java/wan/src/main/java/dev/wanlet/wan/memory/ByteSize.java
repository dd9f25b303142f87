// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as people write it: {@code 6GiB}, {@code 512 MiB}, {@code 7.5GB}, or plain
 * bytes. Immutable.
 */
public record ByteSize(long bytes) {
  private static final Map<String, Long> UNITS =
      Map.of(
          "", 1L,
          "b", 1L,
          "kib", 1L << 10,
          "mib", 1L << 20,
          "gib", 1L << 30,
          "tib", 1L << 40,
          "kb", 1_000L,
          "mb", 1_000_000L,
          "gb", 1_000_000_000L,
          "tb", 1_000_000_000_000L);

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
