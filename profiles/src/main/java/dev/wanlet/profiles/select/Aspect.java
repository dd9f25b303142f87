// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ratio of a frame's width to its height. Immutable.
 *
 * @param width above 0
 * @param height above 0
 */
public record Aspect(int width, int height) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,4})\\s*[:/x]\\s*(\\d{1,4})");

  /** Frames are at most so many times as long as they are high, or as high as they are long. */
  private static final int MOST = 4;

  /** Sizes that models were trained at count as an aspect they miss by less: 832x480 as 16:9. */
  private static final double NEAR = 0.05;

  /** And as an area. */
  private static final double NEAR_AREA = 0.15;

  public Aspect {
    if (width < 1 || height < 1 || width > MOST * height || height > MOST * width) {
      throw new RequestException(
          "aspect " + width + ":" + height + "; expected at most 4 to 1, such as 16:9 or 1:1");
    }
  }

  /**
   * Reads {@code 16:9}.
   *
   * @throws RequestException if the text is not that
   */
  public static Aspect parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new RequestException("'" + text + "' is not an aspect; expected such as 16:9 or 1:1");
    }
    return new Aspect(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /** The aspect of a size. */
  public static Aspect of(FrameSize size) {
    return new Aspect(size.width(), size.height());
  }

  /** The aspect of a picture, or where that is too long or too high the longest or highest. */
  public static Aspect nearest(FrameSize picture) {
    if (picture.width() > (long) MOST * picture.height()) {
      return new Aspect(MOST, 1);
    }
    return picture.height() > (long) MOST * picture.width() ? new Aspect(1, MOST) : of(picture);
  }

  /** Width over height. */
  double ratio() {
    return (double) width / height;
  }

  /**
   * The size of a model that has this aspect, as nearly as its tokens allow, and about so many
   * pixels: one it was trained at, if one is near.
   */
  public FrameSize size(long pixels, ModelDefaults model) {
    Optional<FrameSize> trained =
        model.sizes().stream()
            .filter(s -> Math.abs(Math.log(of(s).ratio() / ratio())) < NEAR)
            .filter(s -> Math.abs(Math.log((double) s.pixels() / pixels)) < NEAR_AREA)
            .min(Comparator.comparingLong(s -> Math.abs(s.pixels() - pixels)));
    return trained.orElseGet(() -> computed(pixels, model.sizeMultiple()));
  }

  private FrameSize computed(long pixels, int multiple) {
    double height = Math.sqrt(pixels / ratio());
    int w = (int) Math.max(1, Math.round(height * ratio() / multiple)) * multiple;
    int h = (int) Math.max(1, Math.round(height / multiple)) * multiple;
    return new FrameSize(w, h);
  }

  /** {@code 16:9}. */
  @Override
  public String toString() {
    return width + ":" + height;
  }
}
