// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.text.translate.AggregateTranslator;
import org.apache.commons.text.translate.CharSequenceTranslator;
import org.apache.commons.text.translate.EntityArrays;
import org.apache.commons.text.translate.LookupTranslator;

/**
 * HTML character references to characters, with the rules of Python's {@code html.unescape}:
 * numeric references that are not characters become U+FFFD or nothing, those in the C1 range are
 * read as Windows-1252, and the Latin-1 names are also known without their semicolon. Stateless,
 * thread-safe.
 */
final class HtmlEntities {
  private static final CharSequenceTranslator TERMINATED_NAMES = new LookupTranslator(names(true));

  private static final CharSequenceTranslator TERMINATED =
      new AggregateTranslator(TERMINATED_NAMES, new NumericReference(true));

  private static final CharSequenceTranslator ALL =
      new AggregateTranslator(
          TERMINATED_NAMES, new NumericReference(false), new LookupTranslator(names(false)));

  private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

  private HtmlEntities() {}

  /** Python's {@code html.unescape}. */
  static String unescape(String text) {
    return text.indexOf('&') < 0 ? text : ALL.translate(text);
  }

  /** The same for references that end in a semicolon, as ftfy does it. */
  static String unescapeTerminated(String text) {
    return text.indexOf('&') < 0 ? text : TERMINATED.translate(text);
  }

  /**
   * The character that Windows-1252 has at 0x80 to 0x9f, or the C1 control itself where it has
   * none.
   */
  static int fromWindows1252(int c) {
    char decoded = new String(new byte[] {(byte) c}, WINDOWS_1252).charAt(0);
    return decoded == '\ufffd' ? c : decoded;
  }

  private static Map<CharSequence, CharSequence> names(boolean terminated) {
    Map<CharSequence, CharSequence> names = new HashMap<>();
    names.putAll(EntityArrays.BASIC_UNESCAPE);
    names.putAll(EntityArrays.ISO8859_1_UNESCAPE);
    if (terminated) {
      names.putAll(EntityArrays.APOS_UNESCAPE);
      names.putAll(EntityArrays.HTML40_EXTENDED_UNESCAPE);
      return names;
    }
    Map<CharSequence, CharSequence> open = new HashMap<>();
    names.forEach((name, value) -> open.put(name.subSequence(0, name.length() - 1), value));
    return open;
  }

  /** {@code &#233;} and {@code &#xe9;}; commons-text's own throws on values beyond Unicode. */
  private static final class NumericReference extends CharSequenceTranslator {
    private final boolean semicolonNeeded;

    NumericReference(boolean semicolonNeeded) {
      this.semicolonNeeded = semicolonNeeded;
    }

    @Override
    public int translate(CharSequence input, int index, Writer out) throws IOException {
      int end = input.length();
      if (index + 2 >= end || input.charAt(index) != '&' || input.charAt(index + 1) != '#') {
        return 0;
      }
      int radix = Character.toLowerCase(input.charAt(index + 2)) == 'x' ? 16 : 10;
      int firstDigit = index + (radix == 16 ? 3 : 2);
      int i = firstDigit;
      long value = 0;
      while (i < end && input.charAt(i) < 0x80 && Character.digit(input.charAt(i), radix) >= 0) {
        value = Math.min(value * radix + Character.digit(input.charAt(i), radix), 0x110000);
        i++;
      }
      boolean terminated = i < end && input.charAt(i) == ';';
      if (i == firstDigit || (semicolonNeeded && !terminated)) {
        return 0;
      }
      out.write(character((int) value));
      return i - index + (terminated ? 1 : 0);
    }

    private static String character(int value) {
      if (value == 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return "\ufffd";
      }
      if (value >= 0x80 && value <= 0x9f) {
        return Character.toString(fromWindows1252(value));
      }
      boolean control = value < 0x20 && value != '\t' && value != '\n' && value != '\f';
      boolean noncharacter = (value & 0xfffe) == 0xfffe || (value >= 0xfdd0 && value <= 0xfdef);
      if (value == 0x7f || noncharacter || (control && value != '\r')) {
        return "";
      }
      return Character.toString(value);
    }
  }
}
