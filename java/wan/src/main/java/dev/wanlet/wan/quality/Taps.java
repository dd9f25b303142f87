// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.function.IntToDoubleFunction;

/** Filters that are the same along rows and columns. Stateless. */
final class Taps {
  private Taps() {}

  /**
   * Filters rows, then columns, with an odd number of symmetric taps, only where all of them lie
   * within the picture.
   *
   * @param picture values [H, W] by index; H and W at least the number of taps
   * @return [H - taps + 1, W - taps + 1]
   */
  static double[] filtered(IntToDoubleFunction picture, int width, int height, double[] taps) {
    int w = width - taps.length + 1;
    int h = height - taps.length + 1;
    double[] rows = new double[w * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < w; x++) {
        double sum = 0;
        for (int k = 0; k < taps.length; k++) {
          sum += taps[k] * picture.applyAsDouble(y * width + x + k);
        }
        rows[y * w + x] = sum;
      }
    }
    double[] out = new double[w * h];
    for (int i = 0; i < out.length; i++) {
      double sum = 0;
      for (int k = 0; k < taps.length; k++) {
        sum += taps[k] * rows[i + k * w];
      }
      out[i] = sum;
    }
    return out;
  }
}
