// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

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

  /** As the reference: from bytes to 0..1, to -1..1. */
  private static float signed(byte value) {
    return ((value & 0xff) / 255f - 0.5f) / 0.5f;
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
