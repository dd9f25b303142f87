// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Size of a frame in pixels. Immutable.
 *
 * @param width pixels in a row, above 0
 * @param height rows, above 0
 */
public record FrameSize(int width, int height) {
  /** Written {@code 832x480}; {@code 832*480} is what the official program takes. */
  private static final Pattern TEXT = Pattern.compile("(\\d{1,5})\\s*[xX*×]\\s*(\\d{1,5})");

  public FrameSize {
    if (width < 1 || height < 1) {
      throw new RequestException(
          "size " + width + "x" + height + "; expected a width and a height above 0");
    }
  }

  /**
   * Reads {@code WIDTHxHEIGHT}.
   *
   * @throws RequestException if the text is not that
   */
  @JsonCreator
  public static FrameSize parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new RequestException(
          "'" + text + "' is not a size; expected WIDTHxHEIGHT in pixels, such as 832x480");
    }
    return new FrameSize(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  public long pixels() {
    return (long) width * height;
  }

  /** {@code 832x480}. */
  @JsonValue
  @Override
  public String toString() {
    return width + "x" + height;
  }
}
