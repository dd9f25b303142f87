// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Bicubic.Window;
import java.util.Arrays;

/** How a picture of one aspect fills frames of another. */
public enum Fit {
  /** Covers the frame; what stands over at two sides is cut off, as much at either. */
  CROP,
  /** Whole within the frame; the rest is black. */
  PAD,
  /** Whole and as large as the frame, its aspect changed. */
  STRETCH;

  private static final int RGB = 3;

  /** Black, in the range of the result. */
  private static final float BLACK = -1;

  /**
   * The picture in a frame.
   *
   * @return [3, height, width], about -1 to 1: bicubic interpolation may go beyond
   */
  public float[] frame(RgbFrame picture, int width, int height) {
    Window window = window(picture.width(), picture.height(), width, height);
    byte[] rgb = picture.rgb24();
    int stride = picture.width() * RGB;
    float[] resized =
        Bicubic.resize(
            (channel, row, column) -> signed(rgb[row * stride + column * RGB + channel]),
            RGB,
            picture.height(),
            picture.width(),
            window);
    return this == PAD ? padded(resized, window, width, height) : resized;
  }

  /**
   * A frame of a video in a frame of another size, smoothed before a reduction.
   *
   * @return [3, height, width], -1 to 1, in steps of a byte
   */
  public float[] frameOfVideo(RgbFrame picture, int width, int height) {
    Window window = window(picture.width(), picture.height(), width, height);
    float[] resized =
        Smoothed.resize(picture.rgb24(), RGB, picture.height(), picture.width(), window);
    for (int i = 0; i < resized.length; i++) {
      resized[i] = Math.min(255, Math.max(0, Math.round(resized[i]))) / 127.5f - 1;
    }
    return this == PAD ? padded(resized, window, width, height) : resized;
  }

  /** As the reference: from bytes to 0..1, to -1..1. */
  private static float signed(byte value) {
    return ((value & 0xff) / 255f - 0.5f) / 0.5f;
  }

  /**
   * The picture in a frame, by Lanczos interpolation: smoothed before a reduction, and never beyond
   * the range of its bytes. For what becomes latents as it is; models that see pictures beside the
   * noise were trained on those of {@link #frame}.
   *
   * @return [3, height, width], -1 to 1
   */
  public float[] smoothFrame(RgbFrame picture, int width, int height) {
    Window window = window(picture.width(), picture.height(), width, height);
    float[] resized =
        FrameConversion.toChw(Lanczos.resize(picture, window), window.columns(), window.rows());
    return this == PAD ? padded(resized, window, width, height) : resized;
  }

  /**
   * A picture in the shape of another, in its own pixels: its middle, or the whole of it between
   * black bars, or as it is where shapes do not matter.
   *
   * @param width of the other picture, like the height
   */
  public RgbFrame shaped(RgbFrame picture, int width, int height) {
    int w = picture.width();
    int h = picture.height();
    boolean wider = (long) w * height > (long) width * h;
    boolean sides = wider == (this == CROP); // else above and below
    if (this == STRETCH || (long) w * height == (long) width * h) {
      return picture;
    }
    int newWidth = sides ? side(h, width, height) : w;
    int newHeight = sides ? h : side(w, height, width);
    return placed(picture, newWidth, newHeight);
  }

  private static int side(int other, int of, int to) {
    return (int) Math.max(1, Math.round((double) other * of / to));
  }

  /** What of a picture lies within a frame that has the same middle; the rest is black. */
  private static RgbFrame placed(RgbFrame picture, int width, int height) {
    int left = Math.floorDiv(picture.width() - width, 2);
    int top = Math.floorDiv(picture.height() - height, 2);
    int columns = Math.min(width, picture.width());
    byte[] rgb = new byte[RgbFrame.byteCount(width, height)];
    for (int y = Math.max(0, -top); y < Math.min(height, picture.height() - top); y++) {
      System.arraycopy(
          picture.rgb24(),
          RGB * ((top + y) * picture.width() + Math.max(0, left)),
          rgb,
          RGB * (y * width + Math.max(0, -left)),
          RGB * columns);
    }
    return new RgbFrame(width, height, rgb);
  }

  private Window window(int fromWidth, int fromHeight, int width, int height) {
    double across = (double) width / fromWidth;
    double down = (double) height / fromHeight;
    return switch (this) {
      case STRETCH -> Window.whole(height, width);
      case CROP -> {
        double scale = Math.max(across, down);
        int h = Math.max(height, scaled(fromHeight, scale));
        int w = Math.max(width, scaled(fromWidth, scale));
        yield new Window(h, w, (h - height) / 2, (w - width) / 2, height, width);
      }
      case PAD -> {
        double scale = Math.min(across, down);
        int h = Math.min(height, Math.max(1, scaled(fromHeight, scale)));
        int w = Math.min(width, Math.max(1, scaled(fromWidth, scale)));
        yield Window.whole(h, w);
      }
    };
  }

  private static int scaled(int side, double scale) {
    return Math.toIntExact(Math.round(side * scale));
  }

  private static float[] padded(float[] inner, Window window, int width, int height) {
    float[] frame = new float[RGB * height * width];
    Arrays.fill(frame, BLACK);
    int top = (height - window.rows()) / 2;
    int left = (width - window.columns()) / 2;
    for (int c = 0; c < RGB; c++) {
      for (int y = 0; y < window.rows(); y++) {
        System.arraycopy(
            inner,
            (c * window.rows() + y) * window.columns(),
            frame,
            (c * height + top + y) * width + left,
            window.columns());
      }
    }
    return frame;
  }
}
