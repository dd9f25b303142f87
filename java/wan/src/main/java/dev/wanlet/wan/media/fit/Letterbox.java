// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

import dev.wanlet.wan.media.RgbFrame;
import java.util.Arrays;

/**
 * A picture to refer to as a frame: whole, in the middle, on white. Stateless.
 *
 * <p>Source: Wan2.1 wan/vace.py, WanVace.prepare_source: bilinear interpolation with half-pixel
 * centres and without smoothing before a reduction, sizes cut to whole pixels.
 */
public final class Letterbox {
  private static final int RGB = 3;
  private static final float WHITE = 1;

  private Letterbox() {}

  /**
   * The picture in a frame.
   *
   * @return [3, height, width], -1 to 1
   */
  public static float[] onWhite(RgbFrame picture, int width, int height) {
    double scale = Math.min((double) height / picture.height(), (double) width / picture.width());
    int rows = Math.max(1, (int) (picture.height() * scale));
    int columns = Math.max(1, (int) (picture.width() * scale));
    int top = (height - rows) / 2;
    int left = (width - columns) / 2;
    float[] frame = new float[RGB * height * width];
    Arrays.fill(frame, WHITE);
    byte[] rgb = picture.rgb24();
    for (int y = 0; y < rows; y++) {
      Between down = Between.of(y, picture.height(), rows);
      for (int x = 0; x < columns; x++) {
        Between across = Between.of(x, picture.width(), columns);
        for (int c = 0; c < RGB; c++) {
          float above = across.mix(rgb, down.first * picture.width(), c);
          float below = across.mix(rgb, down.second * picture.width(), c);
          float value = above + down.share * (below - above);
          frame[(c * height + top + y) * width + left + x] = (value / 255 - 0.5f) / 0.5f;
        }
      }
    }
    return frame;
  }

  /** Two neighbours, and the share of the second. */
  private record Between(int first, int second, float share) {
    static Between of(int index, int in, int out) {
      float at = Math.max(0, (float) in / out * (index + 0.5f) - 0.5f);
      int floor = Math.min((int) at, in - 1);
      return new Between(floor, Math.min(floor + 1, in - 1), at - floor);
    }

    float mix(byte[] rgb, int row, int channel) {
      int a = rgb[(row + first) * RGB + channel] & 0xff;
      int b = rgb[(row + second) * RGB + channel] & 0xff;
      return a + share * (b - a);
    }
  }
}
