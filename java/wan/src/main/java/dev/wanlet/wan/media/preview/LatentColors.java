// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.preview;

import dev.wanlet.wan.media.RgbFrame;
import java.util.Arrays;
import java.util.List;

/**
 * A linear map from latents to colours: each latent cell becomes one pixel, of its own channels and
 * those of the cells around it, which tell where in the cell an edge runs. Immutable.
 *
 * @param weights for red, green and blue: for each channel of normalised latents the numbers of 3 x
 *     3 cells, row by row
 * @param bias of red, green and blue; results are about -1 to 1
 */
public record LatentColors(List<List<Float>> weights, List<Float> bias) {
  static final int RGB = 3;

  /** Cells in a row or column of the square that counts. */
  static final int SIDE = 3;

  static final int CELLS = SIDE * SIDE;

  public LatentColors {
    weights = weights.stream().map(List::copyOf).toList();
    bias = List.copyOf(bias);
    int size = weights.isEmpty() ? 0 : weights.get(0).size();
    boolean even = weights.stream().allMatch(w -> w.size() == size);
    if (weights.size() != RGB || bias.size() != RGB || size < 1 || size % CELLS != 0 || !even) {
      throw new IllegalArgumentException(
          "colours of latents: expected 3 biases and 3 rows of weights, 9 for each channel");
    }
  }

  /** Channels of the latents. */
  public int channels() {
    return weights.get(0).size() / CELLS;
  }

  /**
   * The colours of one latent frame, not clamped.
   *
   * @param latents [C, T, h, w], normalised
   * @param frames T
   * @param frame which of them
   * @param height h
   * @param width w
   * @return [3, h, w], about -1 to 1
   */
  public float[] planes(float[] latents, int frames, int frame, int height, int width) {
    int area = height * width;
    float[] rgb = new float[RGB * area];
    for (int c = 0; c < RGB; c++) {
      Arrays.fill(rgb, c * area, (c + 1) * area, bias.get(c));
    }
    float[] shifted = new float[area];
    for (int k = 0; k < channels(); k++) {
      int from = (k * frames + frame) * area;
      for (int cell = 0; cell < CELLS; cell++) {
        shift(latents, from, height, width, cell, shifted);
        for (int c = 0; c < RGB; c++) {
          float weight = weights.get(c).get(k * CELLS + cell);
          for (int i = 0; i < area; i++) {
            rgb[c * area + i] += weight * shifted[i];
          }
        }
      }
    }
    return rgb;
  }

  /** A plane as seen by one cell of the square; beyond its border it goes on as at the border. */
  static void shift(float[] values, int from, int height, int width, int cell, float[] to) {
    int dy = cell / SIDE - 1;
    int dx = cell % SIDE - 1;
    for (int y = 0; y < height; y++) {
      int row = from + Math.max(0, Math.min(height - 1, y + dy)) * width;
      for (int x = 0; x < width; x++) {
        to[y * width + x] = values[row + Math.max(0, Math.min(width - 1, x + dx))];
      }
    }
  }

  /**
   * The picture of one latent frame.
   *
   * @param latents [C, T, h, w], normalised
   * @param frames T
   * @param frame which of them
   */
  public RgbFrame picture(float[] latents, int frames, int frame, int height, int width) {
    float[] planes = planes(latents, frames, frame, height, width);
    int area = height * width;
    byte[] rgb = new byte[RGB * area];
    for (int c = 0; c < RGB; c++) {
      for (int i = 0; i < area; i++) {
        float value = Math.max(-1, Math.min(1, planes[c * area + i]));
        rgb[i * RGB + c] = (byte) Math.round((value + 1) * 127.5f);
      }
    }
    return new RgbFrame(width, height, rgb);
  }
}
