// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;

/**
 * One channel of a picture: [H, W], rows from the top. Immutable as long as nobody writes to the
 * array.
 */
record LumaPlane(int width, int height, float[] values) {
  /** Red, green and blue of BT.709's luma. */
  private static final float[] LUMA = {0.2126f, 0.7152f, 0.0722f};

  /** Luma of gamma-coded sRGB, 0 to 255. */
  static LumaPlane of(RgbFrame frame) {
    byte[] rgb = frame.rgb24();
    float[] values = new float[frame.width() * frame.height()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          LUMA[0] * (rgb[3 * i] & 0xff)
              + LUMA[1] * (rgb[3 * i + 1] & 0xff)
              + LUMA[2] * (rgb[3 * i + 2] & 0xff);
    }
    return new LumaPlane(frame.width(), frame.height(), values);
  }

  /** Filters rows and columns with an odd, symmetric kernel; the picture is mirrored at edges. */
  LumaPlane filtered(float[] kernel) {
    return filtered(kernel, true).filtered(kernel, false);
  }

  /** Filters along rows or along columns alone. */
  LumaPlane filtered(float[] kernel, boolean alongRows) {
    float[] out = new float[values.length];
    int half = kernel.length / 2;
    int length = alongRows ? width : height;
    int stride = alongRows ? 1 : width;
    for (int line = 0; line < values.length / length; line++) {
      int from = alongRows ? line * width : line;
      for (int i = 0; i < length; i++) {
        boolean inside = i >= half && i + half < length;
        float sum = 0;
        for (int k = -half; k <= half; k++) {
          int at = inside ? i + k : mirrored(i + k, length);
          sum += kernel[k + half] * values[from + at * stride];
        }
        out[from + i * stride] = sum;
      }
    }
    return new LumaPlane(width, height, out);
  }

  /** Mean of the absolute differences, pixel by pixel. */
  double distance(LumaPlane other) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += Math.abs(values[i] - other.values[i]);
    }
    return sum / values.length;
  }

  private static int mirrored(int i, int size) {
    if (size == 1) {
      return 0;
    }
    int period = 2 * (size - 1);
    int m = Math.floorMod(i, period);
    return m < size ? m : period - m;
  }
}
