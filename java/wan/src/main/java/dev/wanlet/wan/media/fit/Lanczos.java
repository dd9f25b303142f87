// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.fit;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Bicubic.Window;

/**
 * Lanczos interpolation of bytes as the reference does it, smoothed before a reduction: columns
 * first, then rows, each rounded to bytes, with weights in fixed point. Stateless.
 *
 * <p>Source: Wan2.2 wan/textimage2video.py, {@code Image.resize(..., Image.LANCZOS)}; Pillow
 * src/libImaging/Resample.c, ImagingResample for 8 bits a channel.
 */
final class Lanczos {
  private static final int RGB = 3;
  private static final double SUPPORT = 3;

  /** Bits of a weight: sums of bytes times weights, which may be negative, stay within an int. */
  private static final int WEIGHT_BITS = 32 - 8 - 2;

  private Lanczos() {}

  /**
   * Makes a picture larger or smaller.
   *
   * @return the window, [rows, columns, 3]
   */
  static byte[] resize(RgbFrame picture, Window window) {
    Axis columns = new Axis(picture.width(), window.width(), window.left(), window.columns());
    Axis rows = new Axis(picture.height(), window.height(), window.top(), window.rows());
    // Only those rows that the window needs; they follow each other.
    int above = rows.first[0];
    int needed = rows.first[window.rows() - 1] + rows.weights[window.rows() - 1].length - above;
    byte[] narrow = new byte[Math.multiplyExact(RGB * window.columns(), needed)];
    byte[] rgb = picture.rgb24();
    for (int y = 0; y < needed; y++) {
      int line = (above + y) * picture.width() * RGB;
      for (int x = 0; x < window.columns(); x++) {
        for (int c = 0; c < RGB; c++) {
          int from = line + columns.first[x] * RGB + c;
          narrow[(y * window.columns() + x) * RGB + c] = sum(rgb, from, RGB, columns.weights[x]);
        }
      }
    }
    int stride = RGB * window.columns();
    byte[] out = new byte[Math.multiplyExact(stride, window.rows())];
    for (int y = 0; y < window.rows(); y++) {
      int from = (rows.first[y] - above) * stride;
      for (int i = 0; i < stride; i++) {
        out[y * stride + i] = sum(narrow, from + i, stride, rows.weights[y]);
      }
    }
    return out;
  }

  private static byte sum(byte[] values, int from, int step, int[] weights) {
    int sum = 1 << (WEIGHT_BITS - 1);
    for (int i = 0; i < weights.length; i++) {
      sum += (values[from + i * step] & 0xff) * weights[i];
    }
    return (byte) Math.max(0, Math.min(255, sum >> WEIGHT_BITS));
  }

  /** Which samples of one direction make each result, and with which weights. */
  private static final class Axis {
    final int[] first;
    final int[][] weights;

    Axis(int in, int out, int start, int count) {
      first = new int[count];
      weights = new int[count][];
      double scale = (double) in / out;
      double wide = Math.max(1, scale);
      for (int i = 0; i < count; i++) {
        double center = (start + i + 0.5) * scale;
        int from = Math.max(0, (int) (center - SUPPORT * wide + 0.5));
        int to = Math.min(in, (int) (center + SUPPORT * wide + 0.5));
        first[i] = from;
        weights[i] = weights(from, to, center, 1 / wide);
      }
    }

    private static int[] weights(int from, int to, double center, double narrowed) {
      double[] exact = new double[to - from];
      double sum = 0;
      for (int k = 0; k < exact.length; k++) {
        exact[k] = lanczos((k + from - center + 0.5) * narrowed);
        sum += exact[k];
      }
      int[] fixed = new int[exact.length];
      for (int k = 0; k < fixed.length; k++) {
        // Away from zero, as the reference rounds.
        double scaled = exact[k] / sum * (1 << WEIGHT_BITS);
        fixed[k] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      }
      return fixed;
    }

    private static double lanczos(double x) {
      return Math.abs(x) < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0;
    }

    private static double sinc(double x) {
      return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    }
  }
}
