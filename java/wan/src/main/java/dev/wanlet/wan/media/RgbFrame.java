// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.util.Objects;

/**
 * One picture of a clip.
 *
 * <p>{@code rgb24} is [H, W, 3], unsigned bytes in sRGB, rows from the top, without padding. The
 * array is not copied: whoever makes a frame hands the array over. Immutable as long as nobody
 * writes to the array.
 *
 * @param width pixels in a row, at least 1
 * @param height rows, at least 1
 * @param rgb24 {@code width * height * 3} bytes
 */
public record RgbFrame(int width, int height, byte[] rgb24) {
  public RgbFrame {
    Objects.requireNonNull(rgb24, "rgb24");
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "a frame of " + width + "x" + height + " pixels; expected at least 1x1");
    }
    if (rgb24.length != byteCount(width, height)) {
      throw new IllegalArgumentException(
          String.format(
              "%d bytes for a frame of %dx%d; expected width * height * 3 = %d",
              rgb24.length, width, height, byteCount(width, height)));
    }
  }

  /** Bytes of a frame of this size. */
  public static int byteCount(int width, int height) {
    return Math.multiplyExact(Math.multiplyExact(width, height), 3);
  }

  /** Red of the pixel in column {@code x} and row {@code y}, 0 to 255. */
  public int red(int x, int y) {
    return channel(x, y, 0);
  }

  /** Green of the pixel in column {@code x} and row {@code y}, 0 to 255. */
  public int green(int x, int y) {
    return channel(x, y, 1);
  }

  /** Blue of the pixel in column {@code x} and row {@code y}, 0 to 255. */
  public int blue(int x, int y) {
    return channel(x, y, 2);
  }

  private int channel(int x, int y, int c) {
    Objects.checkIndex(x, width);
    Objects.checkIndex(y, height);
    return rgb24[(y * width + x) * 3 + c] & 0xff;
  }
}
