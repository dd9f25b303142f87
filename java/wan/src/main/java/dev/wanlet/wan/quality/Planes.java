// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;

/**
 * A frame as measures look at it. The three channels and the luma lie in planes [H, W], 0 to 255.
 * Immutable as long as nobody writes to the arrays.
 *
 * <p>Luma: ITU-R BT.709, 0.2126 R + 0.7152 G + 0.0722 B of the stored values.
 */
final class Planes {
  /** Rows or columns of cells along the shorter side: what moves is larger than a cell. */
  private static final int CELLS = 64;

  private final int width;
  private final int height;
  private final float[][] rgb;
  private final float[] luma;

  private Planes(int width, int height, float[][] rgb) {
    this.width = width;
    this.height = height;
    this.rgb = rgb;
    luma = new float[width * height];
    for (int i = 0; i < luma.length; i++) {
      luma[i] = 0.2126f * rgb[0][i] + 0.7152f * rgb[1][i] + 0.0722f * rgb[2][i];
    }
  }

  static Planes of(RgbFrame frame) {
    float[][] rgb = new float[3][frame.width() * frame.height()];
    byte[] bytes = frame.rgb24();
    for (int i = 0; i < rgb[0].length; i++) {
      for (int c = 0; c < 3; c++) {
        rgb[c][i] = bytes[3 * i + c] & 0xff;
      }
    }
    return new Planes(frame.width(), frame.height(), rgb);
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  float[] luma() {
    return luma;
  }

  float[] channel(int c) {
    return rgb[c];
  }

  /**
   * The frame averaged over square cells, 64 to 127 of them along the shorter side where it has as
   * many pixels. What is left at the right and lower edge, less than a cell, is not looked at.
   */
  Planes reduced() {
    int side = Math.max(1, Math.min(width, height) / CELLS);
    if (side == 1) {
      return this;
    }
    int w = width / side;
    int h = height / side;
    float[][] small = new float[3][w * h];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < h * side; y++) {
        for (int x = 0; x < w * side; x++) {
          small[c][y / side * w + x / side] += rgb[c][y * width + x];
        }
      }
      for (int i = 0; i < small[c].length; i++) {
        small[c][i] /= side * side;
      }
    }
    return new Planes(w, h, small);
  }
}
