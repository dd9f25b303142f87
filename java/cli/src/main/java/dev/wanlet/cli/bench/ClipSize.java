// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.RequestException;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Size and length of a clip, written {@code 832x480} or {@code 832x480x81}. Immutable.
 *
 * @param frames empty: the model's own number
 */
record ClipSize(FrameSize size, OptionalInt frames) {
  private static final Pattern FORM = Pattern.compile("(\\d+x\\d+)(?:x(\\d{1,6}))?");

  /**
   * Reads a size.
   *
   * @throws RequestException if it is none
   */
  static ClipSize parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new RequestException(
          "'" + text + "' is no size of a clip; expected such as 832x480 or 832x480x81");
    }
    return new ClipSize(
        FrameSize.parse(matcher.group(1)),
        matcher.group(2) == null
            ? OptionalInt.empty()
            : OptionalInt.of(Integer.parseInt(matcher.group(2))));
  }
}
