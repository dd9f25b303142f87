// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Turns settings into a command line for a POSIX shell. Stateless. */
final class CommandLine {
  private CommandLine() {}

  /**
   * {@code program --name value ...}: a list repeats its option, {@code true} is the bare option
   * and {@code false} is left out.
   */
  static String of(String program, Map<String, Object> settings) {
    List<String> words = new ArrayList<>();
    words.add(program);
    settings.forEach((name, value) -> add(words, "--" + name, value));
    return String.join(" ", words);
  }

  private static void add(List<String> words, String option, Object value) {
    if (value instanceof List<?> values) {
      values.forEach(v -> add(words, option, v));
    } else if (value instanceof Boolean flag) {
      if (flag) {
        words.add(option);
      }
    } else {
      String text = value instanceof Double d ? number(d) : value.toString();
      if (text.startsWith("-")) {
        // Apart from its option it would be taken for an option itself.
        words.add(option + "=" + quote(text));
      } else {
        words.add(option);
        words.add(quote(text));
      }
    }
  }

  private static String number(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }

  /** One shell word: bare where nothing in it is special, else in single quotes. */
  static String quote(String text) {
    if (text.matches("[A-Za-z0-9_./:,+=@%-]+")) {
      return text;
    }
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
