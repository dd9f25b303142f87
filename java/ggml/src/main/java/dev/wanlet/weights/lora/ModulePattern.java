// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.WeightFormatException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A pattern by which peft gives some modules a rank or alpha of their own: a regular expression
 * that fits a module's name from its beginning or a dot on. It comes from a file, so it may be a
 * trap. Immutable.
 *
 * @param title where it stands, for messages
 * @param file the file it is from
 */
record ModulePattern(String title, Path file, Pattern pattern) {
  private static final int MAX_LENGTH = 1000;
  private static final int SHOWN = 40;

  /** Characters that a match may look at; an expression that needs more would never end. */
  private static final int MAX_LOOKS = 100_000;

  /**
   * Reads a pattern.
   *
   * @throws WeightFormatException if it is none
   */
  static ModulePattern of(String title, Path file, String text) throws WeightFormatException {
    try {
      if (text.length() <= MAX_LENGTH) {
        return new ModulePattern(title, file, Pattern.compile("(.*\\.)?(" + text + ")"));
      }
    } catch (PatternSyntaxException e) {
      throw refusal(title, file, text, e);
    }
    throw refusal(title, file, text, null);
  }

  /**
   * Whether it fits a name.
   *
   * @throws WeightFormatException if finding out takes too long
   */
  boolean matches(String module) throws WeightFormatException {
    try {
      return pattern.matcher(new Bounded(module)).matches();
    } catch (TooLong | StackOverflowError e) {
      throw refusal(title, file, pattern.pattern(), e);
    }
  }

  private static WeightFormatException refusal(
      String title, Path file, String text, Throwable cause) {
    String shown = text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
    return new WeightFormatException(
        file, title + ": '" + shown + "' is no pattern of module names", cause);
  }

  private static final class TooLong extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** A text that ends a match which looks at it too often. */
  private static final class Bounded implements CharSequence {
    private final CharSequence text;
    private int looks;

    Bounded(CharSequence text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      if (++looks > MAX_LOOKS) {
        throw new TooLong();
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
