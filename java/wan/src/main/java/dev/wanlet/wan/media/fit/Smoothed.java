// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

import dev.wanlet.wan.media.fit.Bicubic.Window;

/**
 * Bicubic interpolation that smooths before a reduction: a = -0.5, half-pixel centres, the weights
 * that fall outside left out. Columns first, then rows; nothing is rounded between. Stateless.
 *
 * <p>Source: Wan2.1 wan/vace.py, VaceVideoProcessor.resize_crop, {@code
 * torch.nn.functional.interpolate(mode="bicubic", antialias=True)}.
 */
final class Smoothed {
  private static final double A = -0.5;

  /** Reach of the curve on either side, in samples of the smaller picture. */
  private static final int REACH = 2;

  private Smoothed() {}

  /**
   * Makes a picture larger or smaller.
   *
   * @param in [height, width, channels], bytes without sign
   * @param height of the picture, like the width
   * @return [channels, window.rows, window.columns], about 0 to 255
   */
  static float[] resize(byte[] in, int channels, int height, int width, Window window) {
    Axis across = new Axis(width, window.width(), window.left(), window.columns());
    Axis down = new Axis(height, window.height(), window.top(), window.rows());
    float[] out = new float[Math.multiplyExact(channels, window.rows() * window.columns())];
    float[] narrow = new float[(down.end - down.begin) * window.columns()];
    for (int c = 0; c < channels; c++) {
      for (int y = down.begin; y < down.end; y++) {
        int row = y * width * channels + c;
        int to = (y - down.begin) * window.columns();
        for (int x = 0; x < window.columns(); x++) {
          double sum = 0;
          float[] weights = across.weights[x];
          for (int i = 0, at = row + across.first[x] * channels; i < weights.length; i++) {
            sum += weights[i] * (in[at] & 0xff);
            at += channels;
          }
          narrow[to + x] = (float) sum;
        }
      }
      for (int y = 0; y < window.rows(); y++) {
        int to = (c * window.rows() + y) * window.columns();
        float[] weights = down.weights[y];
        for (int i = 0; i < weights.length; i++) {
          int from = (down.first[y] + i - down.begin) * window.columns();
          for (int x = 0; x < window.columns(); x++) {
            out[to + x] += weights[i] * narrow[from + x];
          }
        }
      }
    }
    return out;
  }

  /** Which samples of one direction make each result, and with which weights. */
  private static final class Axis {
    final int[] first;
    final float[][] weights;
    final int begin;
    final int end;

    Axis(int in, int out, int from, int count) {
      first = new int[count];
      weights = new float[count][];
      double scale = (double) in / out;
      double wider = Math.max(scale, 1);
      for (int i = 0; i < count; i++) {
        double centre = scale * (from + i + 0.5);
        int low = Math.max(0, (int) Math.floor(centre - REACH * wider + 0.5));
        int high = Math.min(in, (int) Math.floor(centre + REACH * wider + 0.5));
        double[] raw = new double[high - low];
        double sum = 0;
        for (int j = 0; j < raw.length; j++) {
          raw[j] = curve((low + j + 0.5 - centre) / wider);
          sum += raw[j];
        }
        first[i] = low;
        weights[i] = new float[raw.length];
        for (int j = 0; j < raw.length; j++) {
          weights[i][j] = (float) (raw[j] / sum);
        }
      }
      begin = first[0];
      end = first[count - 1] + weights[count - 1].length;
    }

    private static double curve(double signed) {
      double x = Math.abs(signed);
      if (x < 1) {
        return ((A + 2) * x - (A + 3)) * x * x + 1;
      }
      return x < 2 ? ((A * x - 5 * A) * x + 8 * A) * x - 4 * A : 0;
    }
  }
}
