// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.preview;

import dev.wanlet.wan.media.RgbFrame;
import java.util.List;

/** Arranges pictures. Stateless. */
public final class PictureSheet {
  private static final int MOST = 9;
  private static final int RGB = 3;

  private PictureSheet() {}

  /** Up to nine of the pictures, evenly spread, row by row in one; they are of one size. */
  public static RgbFrame of(List<RgbFrame> frames) {
    int count = Math.min(MOST, frames.size());
    int columns = (int) Math.ceil(Math.sqrt(count));
    int rows = (count + columns - 1) / columns;
    int width = frames.get(0).width();
    int height = frames.get(0).height();
    byte[] sheet = new byte[RgbFrame.byteCount(columns * width, rows * height)];
    for (int i = 0; i < count; i++) {
      RgbFrame frame = frames.get(moment(i, count, frames.size()));
      for (int y = 0; y < height; y++) {
        int to = ((i / columns * height + y) * columns + i % columns) * width * RGB;
        System.arraycopy(frame.rgb24(), y * width * RGB, sheet, to, width * RGB);
      }
    }
    return new RgbFrame(columns * width, rows * height, sheet);
  }

  /** The index of one of {@code count} moments, evenly spread over {@code all}. */
  public static int moment(int i, int count, int all) {
    return count == 1 ? 0 : (int) Math.round(i * (all - 1.0) / (count - 1));
  }

  /** A picture with every pixel as a square of {@code factor} pixels. */
  public static RgbFrame enlarged(RgbFrame frame, int factor) {
    if (factor == 1) {
      return frame;
    }
    return resized(frame, frame.width() * factor, frame.height() * factor);
  }

  /** A picture in another size, of the nearest pixels. */
  public static RgbFrame resized(RgbFrame frame, int width, int height) {
    byte[] rgb = new byte[RgbFrame.byteCount(width, height)];
    for (int y = 0; y < height; y++) {
      int row = (int) ((long) y * frame.height() / height) * frame.width();
      for (int x = 0; x < width; x++) {
        int from = (row + (int) ((long) x * frame.width() / width)) * RGB;
        System.arraycopy(frame.rgb24(), from, rgb, (y * width + x) * RGB, RGB);
      }
    }
    return new RgbFrame(width, height, rgb);
  }
}
