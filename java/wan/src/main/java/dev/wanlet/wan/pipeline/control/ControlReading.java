// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.request.ControlSettings;
import dev.wanlet.wan.request.Margins;
import dev.wanlet.wan.request.MaskFill;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * Owner: the frames and masks of a control clip, one at a time, in the size of the clip. Goes
 * through the files as often as it is asked from the beginning. Confined to one thread.
 */
final class ControlReading implements AutoCloseable {
  private static final int RGB = 3;
  private static final byte BLACK = 0;
  private static final byte GREY = (byte) 128;
  private static final byte WHITE = (byte) 255;

  /** A mask of more is one of what is made anew, as in the control branch. */
  private static final float ANEW = 0.5f;

  private final ControlSettings settings;
  private final FrameSize size;
  private final ControlClip.Shown shown;
  private final TimedFrames source; // null if nothing is shown
  private final TimedFrames masks; // null without a mask
  private final boolean oneMask;
  private final float[] anew;
  private final float[] around; // white in the margins; null without
  private float[] still; // the mask, once it is known, where there is but one

  ControlReading(ControlSettings settings, FrameSize size, double fps, ControlClip.Shown shown)
      throws IOException {
    this.settings = settings;
    this.size = size;
    this.shown = shown;
    anew = new float[Math.toIntExact(size.pixels())];
    Arrays.fill(anew, 1);
    source = shown.count() > 0 ? new TimedFrames(settings.source().orElseThrow(), fps) : null;
    try {
      masks = settings.mask().isPresent() ? new TimedFrames(settings.mask().get(), fps) : null;
    } catch (IOException | RuntimeException e) {
      if (source != null) {
        source.close();
      }
      throw e;
    }
    oneMask = masks != null && masks.source().isStill();
    around = settings.margins().isNone() ? null : fitted(plain(BLACK));
    boolean kept = settings.extended().isPresent();
    if (masks == null) {
      still = around != null ? around : kept ? new float[anew.length] : anew;
    }
  }

  /** A frame of the clip, [3, H, W], -1 to 1; grey where there is nothing to show. */
  float[] frame(int index) {
    if (index >= shown.count()) {
      return new float[RGB * anew.length];
    }
    try {
      RgbFrame frame = source.atOrLast(shown.first() + index);
      float[] fitted =
          settings
              .fit()
              .frameOfVideo(within(frame, settings.margins(), GREY), size.width(), size.height());
      if (masks != null && settings.fill() == MaskFill.GREY) {
        erase(fitted, mask(index));
      } else if (around != null) {
        erase(fitted, around);
      }
      return fitted;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void erase(float[] frame, float[] mask) {
    for (int i = 0; i < frame.length; i++) {
      if (mask[i % mask.length] > ANEW) {
        frame[i] = 0;
      }
    }
  }

  /** The mask of a frame of the clip, [H, W], 0 to 1: 1 where it is made anew. */
  float[] mask(int index) {
    if (index >= shown.count()) {
      return anew;
    }
    if (still != null) {
      return still;
    }
    try {
      float[] mask = fitted(asTheSource(masks.atOrLast(index)));
      if (oneMask) {
        still = mask;
      }
      return mask;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A mask in the size of the source's frames. */
  private RgbFrame asTheSource(RgbFrame mask) {
    int width = shown.size().width();
    int height = shown.size().height();
    if (mask.width() == width && mask.height() == height) {
      return mask;
    }
    float[] planes = Fit.STRETCH.frameOfVideo(mask, width, height);
    byte[] rgb = new byte[planes.length];
    for (int i = 0; i < rgb.length; i++) {
      float value = planes[i / RGB]; // the first plane is red
      rgb[i] = (byte) Math.round((value + 1) * 127.5f);
    }
    return new RgbFrame(width, height, rgb);
  }

  private RgbFrame plain(byte value) {
    byte[] rgb = new byte[RgbFrame.byteCount(shown.size().width(), shown.size().height())];
    Arrays.fill(rgb, value);
    return new RgbFrame(shown.size().width(), shown.size().height(), rgb);
  }

  /** A mask of the source as one of the clip; its margins are made anew. */
  private float[] fitted(RgbFrame mask) {
    float[] planes =
        settings
            .fit()
            .frameOfVideo(within(mask, settings.margins(), WHITE), size.width(), size.height());
    float[] values = new float[anew.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (planes[i] + 1) / 2; // red, as in the reference
    }
    return values;
  }

  /** A frame with margins around it. */
  private static RgbFrame within(RgbFrame frame, Margins margins, byte value) {
    if (margins.isNone()) {
      return frame;
    }
    FrameSize size = margins.around(new FrameSize(frame.width(), frame.height()));
    byte[] rgb = new byte[RgbFrame.byteCount(size.width(), size.height())];
    Arrays.fill(rgb, value);
    int row = frame.width() * RGB;
    for (int y = 0; y < frame.height(); y++) {
      int to = ((y + margins.top()) * size.width() + margins.left()) * RGB;
      System.arraycopy(frame.rgb24(), y * row, rgb, to, row);
    }
    return new RgbFrame(size.width(), size.height(), rgb);
  }

  @Override
  public void close() {
    if (source != null) {
      source.close();
    }
    if (masks != null) {
      masks.close();
    }
  }
}
