// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.text.Normalizer;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Cleans a prompt the way Wan does before tokenising it: the text a user typed or pasted becomes
 * the plain text the encoder was trained on.
 *
 * <p>Steps, in order and repeated until nothing changes: HTML entities (only where the text holds
 * no {@code <}), C1 controls read as Windows-1252, Latin ligatures taken apart, full-width and
 * half-width forms made ordinary, curly quotes made straight, line breaks unified, lone surrogates
 * replaced by U+FFFD, terminal escapes and control characters removed, NFC. Then HTML entities
 * twice more, and all white space collapsed to single spaces and stripped.
 *
 * <p>Not reproduced: ftfy's mojibake repair ({@code fix_encoding}); a prompt comes as Unicode here.
 * Of the named HTML entities those of HTML 4 and {@code &apos;} are known, not the 2,000 of HTML 5.
 *
 * <p>Source: Wan2.1 wan/modules/tokenizers.py, {@code basic_clean} and {@code whitespace_clean};
 * ftfy 6 with its default settings, ftfy/fixes.py and ftfy/chardata.py. Stateless, thread-safe.
 */
public final class PromptCleaner {
  private static final Pattern SINGLE_QUOTES = Pattern.compile("[\u02bc\u2018-\u201b]");
  private static final Pattern DOUBLE_QUOTES = Pattern.compile("[\u201c-\u201f]");
  private static final Pattern LINE_BREAKS = Pattern.compile("\r\n|[\r\u0085\u2028\u2029]");
  private static final Pattern TERMINAL_ESCAPE = Pattern.compile("\u001b\\[[\\d;]*[a-zA-Z]");

  /**
   * Control characters without TAB, LF, FF and CR, which are white space; and invisible formats.
   */
  private static final Pattern CONTROLS =
      Pattern.compile(
          "[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\\x{206a}-\\x{206f}\\x{feff}\\x{fff9}-\\x{fffc}]");

  private static final Pattern WHITE_SPACE =
      Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

  private static final Map<Character, String> LIGATURES =
      Map.ofEntries(
          Map.entry('\u0132', "IJ"),
          Map.entry('\u0133', "ij"),
          Map.entry('\u0149', "\u02bcn"),
          Map.entry('\u01f1', "DZ"),
          Map.entry('\u01f2', "Dz"),
          Map.entry('\u01f3', "dz"),
          Map.entry('\u01c4', "D\u017d"),
          Map.entry('\u01c5', "D\u017e"),
          Map.entry('\u01c6', "d\u017e"),
          Map.entry('\u01c7', "LJ"),
          Map.entry('\u01c8', "Lj"),
          Map.entry('\u01c9', "lj"),
          Map.entry('\u01ca', "NJ"),
          Map.entry('\u01cb', "Nj"),
          Map.entry('\u01cc', "nj"),
          Map.entry('\ufb00', "ff"),
          Map.entry('\ufb01', "fi"),
          Map.entry('\ufb02', "fl"),
          Map.entry('\ufb03', "ffi"),
          Map.entry('\ufb04', "ffl"),
          Map.entry('\ufb05', "\u017ft"),
          Map.entry('\ufb06', "st"));

  /**
   * Nested entities peel off one layer a round; a million of them must not take a million rounds.
   */
  private static final int MAX_ROUNDS = 16;

  private PromptCleaner() {}

  /**
   * Returns the prompt as Wan would hand it to its tokeniser. Total: any string is accepted, and
   * the result holds neither lone surrogates nor control characters, and no two adjacent spaces.
   */
  public static String clean(String prompt) {
    Objects.requireNonNull(prompt, "prompt");
    String text = fixText(prompt);
    text = HtmlEntities.unescape(HtmlEntities.unescape(text));
    return WHITE_SPACE.matcher(text).replaceAll(" ").strip();
  }

  /**
   * ftfy.fix_text without fix_encoding. Ends: every round that changes the text brings it nearer.
   */
  private static String fixText(String text) {
    // With markup in the text an entity may be meant as one (ftfy: unescape_html = "auto").
    boolean unescape = text.indexOf('<') < 0;
    String before = null;
    for (int round = 0; round < MAX_ROUNDS && !text.equals(before); round++) {
      before = text;
      if (unescape) {
        text = HtmlEntities.unescapeTerminated(text);
      }
      text = replaceCharacters(text);
      text = SINGLE_QUOTES.matcher(text).replaceAll("'");
      text = DOUBLE_QUOTES.matcher(text).replaceAll("\"");
      text = LINE_BREAKS.matcher(text).replaceAll("\n");
      text = TERMINAL_ESCAPE.matcher(text).replaceAll("");
      text = CONTROLS.matcher(text).replaceAll("");
      text = Normalizer.normalize(text, Normalizer.Form.NFC);
    }
    return text;
  }

  /** C1 controls, ligatures, character widths and lone surrogates: one character at a time. */
  private static String replaceCharacters(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              String ligature = c <= 0xffff ? LIGATURES.get((char) c) : null;
              if (ligature != null) {
                out.append(ligature);
              } else if (c >= 0x80 && c <= 0x9f) {
                out.appendCodePoint(HtmlEntities.fromWindows1252(c));
              } else if (c == 0x3000) {
                out.append(' ');
              } else if (c >= 0xff01 && c < 0xfff0) {
                out.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
              } else if (c >= 0xd800 && c <= 0xdfff) {
                out.append('\ufffd'); // codePoints() has joined the pairs already
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.toString();
  }
}
