// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.RequestException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far a clip reaches beyond the frames of its control video, in pixels of that video.
 * Immutable.
 */
public record Margins(int left, int top, int right, int bottom) {
  /** None at all. */
  public static final Margins NONE = new Margins(0, 0, 0, 0);

  static final SettingType<Margins> TYPE =
      new SettingType<>(Margins.class, Margins::parse, Margins::toString);

  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,5})\\s*,\\s*(\\d{1,5})\\s*,\\s*(\\d{1,5})\\s*,\\s*(\\d{1,5})");

  /**
   * Reads {@code LEFT,TOP,RIGHT,BOTTOM}.
   *
   * @throws RequestException if the text is not that
   */
  static Margins parse(String text) {
    Matcher m = TEXT.matcher(text.strip());
    if (!m.matches()) {
      throw new RequestException(
          "'"
              + text
              + "' are not margins; expected LEFT,TOP,RIGHT,BOTTOM in pixels of the control video,"
              + " such as 160,0,160,0");
    }
    return new Margins(number(m, 1), number(m, 2), number(m, 3), number(m, 4));
  }

  private static int number(Matcher matcher, int group) {
    return Integer.parseInt(matcher.group(group));
  }

  /** Whether there are none. */
  public boolean isNone() {
    return equals(NONE);
  }

  /** A frame of this size with the margins around it. */
  public FrameSize around(FrameSize frame) {
    return new FrameSize(left + frame.width() + right, top + frame.height() + bottom);
  }

  @Override
  public String toString() {
    return left + "," + top + "," + right + "," + bottom;
  }
}
