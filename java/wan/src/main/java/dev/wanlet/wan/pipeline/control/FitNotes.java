// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.fit.Fit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What fitting changes of a picture or video, in words. Stateless. */
public final class FitNotes {
  /** What changes less than this goes without saying. */
  private static final double NOTICEABLE = 0.01;

  /** Making a picture larger than this is worth a line. */
  private static final double MUCH_LARGER = 2;

  private FitNotes() {}

  /** What fitting to frames of a size changes, a sentence without its subject each. */
  public static List<String> of(FrameSize picture, Fit fit, FrameSize size) {
    double across = (double) size.width() / picture.width();
    double down = (double) size.height() / picture.height();
    double off = aspectChange(picture, size);
    List<String> notes = new ArrayList<>();
    if (off >= NOTICEABLE) {
      long percent = Math.round(100 * off);
      notes.add(
          switch (fit) {
            case CROP ->
                String.format(
                    "is %s: to fill frames of %s, %d%% of it is cut off at two sides",
                    picture, size, percent);
            case PAD ->
                String.format("is %s: %d%% of frames of %s stay black", picture, percent, size);
            case STRETCH ->
                String.format(
                    "is %s: to fill frames of %s, its aspect changes by %d%%",
                    picture, size, percent);
          });
    }
    double factor = Math.max(across, down);
    if (factor > MUCH_LARGER) {
      notes.add(
          String.format(
              Locale.ROOT,
              "is %s, made %.1f times as large for frames of %s",
              picture,
              factor,
              size));
    }
    return notes;
  }

  /** Whether two sizes are of about the same shape. */
  static boolean isSameShape(FrameSize some, FrameSize other) {
    return aspectChange(some, other) < NOTICEABLE;
  }

  private static double aspectChange(FrameSize from, FrameSize to) {
    double across = (double) to.width() / from.width();
    double down = (double) to.height() / from.height();
    return 1 - Math.min(across, down) / Math.max(across, down);
  }
}
