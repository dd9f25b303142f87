// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes text that others wrote safe to show. Names of tensors, metadata and paths come from files
 * that may be hostile: escape sequences could rewrite a terminal, line ends could forge messages,
 * bidirectional marks could turn words around, and a name may have 60,000 characters.
 *
 * <p>The exceptions and logs of this project pass what they say through here, and so does what
 * commands print. Characters that cannot be seen are shown as shells write them: {@code \n}, {@code
 * \u001b}, {@code \U000e0041}. Calling it again on its own result changes nothing. Stateless.
 */
public final class Printable {
  /** Tensor names have about 60 characters, file names up to 255. */
  private static final int LONGEST_WORD = 300;

  private static final int LONGEST_NAME = 160;
  private static final int LONGEST_MESSAGE = 3000;

  private static final Pattern LONG_WORD = Pattern.compile("\\S{" + (LONGEST_WORD + 1) + ",}");

  private Printable() {}

  /** All of a text, with what cannot be seen escaped. */
  public static String text(Object raw) {
    String text = String.valueOf(raw);
    if (text.codePoints().noneMatch(Printable::isUnseen)) {
      return text;
    }
    StringBuilder shown = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              if (isUnseen(c)) {
                shown.append(escaped(c));
              } else {
                shown.appendCodePoint(c);
              }
            });
    return shown.toString();
  }

  /** A name for a list or a table: escaped, and without its middle if it is very long. */
  public static String name(Object raw) {
    return shortened(text(raw), LONGEST_NAME);
  }

  /** A sentence with names in it: escaped; very long words, and a very long whole, are cut. */
  public static String message(String raw) {
    String text = text(raw);
    if (text.length() <= LONGEST_WORD) {
      return text;
    }
    Matcher words = LONG_WORD.matcher(text);
    return shortened(
        words.replaceAll(w -> Matcher.quoteReplacement(shortened(w.group(), LONGEST_WORD))),
        LONGEST_MESSAGE);
  }

  private static String shortened(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    String gap = "[... " + text.length() + " characters ...]";
    int kept = most - gap.length();
    int head = text.offsetByCodePoints(0, text.codePointCount(0, kept * 2 / 3));
    int tail = text.length() - (kept - kept * 2 / 3);
    if (Character.isLowSurrogate(text.charAt(tail))) {
      tail++;
    }
    return text.substring(0, head) + gap + text.substring(tail);
  }

  /**
   * Whether a character says nothing by itself but may change what stands around it. The joiners
   * that Persian, Indic scripts and emoji need are left alone.
   */
  public static boolean isUnseen(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      case Character.FORMAT -> c != 0x200C && c != 0x200D;
      default -> false;
    };
  }

  private static String escaped(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> String.format(c <= 0xFFFF ? "\\u%04x" : "\\U%08x", c);
    };
  }
}
