// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import dev.wanlet.base.Printable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
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

  /**
   * One shell word: bare where nothing in it is special, else in single quotes. Characters that
   * cannot be seen are left to {@code printf}, so that a clip from elsewhere sends nothing to the
   * terminal and hides nothing in the command; a line end at the very end is lost that way.
   */
  static String quote(String text) {
    if (text.matches("[A-Za-z0-9_./:,+=@%-]+")) {
      return text;
    }
    if (text.codePoints().noneMatch(Printable::isUnseen)) {
      return singleQuoted(text);
    }
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\\') {
                escaped.append("\\\\");
              } else if (!Printable.isUnseen(c)) {
                escaped.appendCodePoint(c);
              } else {
                for (byte unit : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                  escaped.append(String.format("\\0%03o", unit & 0xff));
                }
              }
            });
    return "\"$(printf %b " + singleQuoted(escaped.toString()) + ")\"";
  }

  private static String singleQuoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
