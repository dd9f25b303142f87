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

  /**
   * The size of at most so many pixels whose aspect is nearest to that of a picture: of the two
   * that come of choosing the width first or the height.
   *
   * <p>Source: Wan2.2 wan/utils/utils.py, {@code best_output_size}.
   *
   * @param pixels most pixels
   * @param multiple both sides are multiples of this, and at least that
   */
  public static FrameSize nearest(FrameSize picture, long pixels, int multiple) {
    double aspect = (double) picture.width() / picture.height();
    double width = Math.sqrt(pixels * aspect);
    int w = side(width, multiple);
    FrameSize byWidth = new FrameSize(w, side((double) pixels / w, multiple));
    int h = side(pixels / width, multiple);
    FrameSize byHeight = new FrameSize(side((double) pixels / h, multiple), h);
    return byWidth.offAspect(aspect) < byHeight.offAspect(aspect) ? byWidth : byHeight;
  }

  /** By which factor the aspect is another one; 1 if it is the same. */
  private double offAspect(double aspect) {
    double own = (double) width / height;
    return Math.max(aspect / own, own / aspect);
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
