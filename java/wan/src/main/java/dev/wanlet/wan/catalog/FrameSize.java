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

  /**
   * The size nearest to the aspect of a picture within an area.
   *
   * <p>Source: Wan2.1 wan/image2video.py, {@code lat_h} and {@code lat_w}.
   *
   * @param pixels most pixels
   * @param multiple both sides are multiples of this, and at least that
   */
  public static FrameSize ofAspect(FrameSize picture, long pixels, int multiple) {
    double aspect = (double) picture.height() / picture.width();
    return new FrameSize(
        side(Math.sqrt(pixels / aspect), multiple), side(Math.sqrt(pixels * aspect), multiple));
  }

  private static int side(double length, int multiple) {
    return Math.max(1, (int) (length / multiple)) * multiple;
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
