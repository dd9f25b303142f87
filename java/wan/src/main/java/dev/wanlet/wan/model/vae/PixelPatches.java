// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import static dev.wanlet.wan.model.vae.VaeNetwork.RGB;

/**
 * Squares of pixels as pixels of more channels, and back, on the host. In a row the channel comes
 * first, then the column within the square, then the row. Stateless.
 *
 * <p>Source: Wan2.2 wan/modules/vae2_2.py, {@code patchify} and {@code unpatchify}.
 */
final class PixelPatches {
  private PixelPatches() {}

  /**
   * Joins the channels of each square.
   *
   * @param pixels [H * width, 3]
   * @param side of a square; 1 gives the pixels themselves
   * @return [(H / side) * (width / side), 3 * side * side]
   */
  static float[] gathered(float[] pixels, int width, int side) {
    if (side == 1 || pixels.length == 0) {
      return pixels;
    }
    float[] patches = new float[pixels.length];
    move(width, side, pixels.length, (pixel, patch) -> patches[patch] = pixels[pixel]);
    return patches;
  }

  /**
   * Takes the squares apart.
   *
   * @param patches as {@link #gathered} makes them
   * @param width of the result
   * @return [H * width, 3]
   */
  static float[] scattered(float[] patches, int width, int side) {
    if (side == 1 || patches.length == 0) {
      return patches;
    }
    float[] pixels = new float[patches.length];
    move(width, side, patches.length, (pixel, patch) -> pixels[pixel] = patches[patch]);
    return pixels;
  }

  private interface Move {
    void value(int pixel, int patch);
  }

  private static void move(int width, int side, int values, Move move) {
    int height = values / RGB / width;
    int channels = RGB * side * side;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int patch = ((y / side) * (width / side) + x / side) * channels;
        for (int c = 0; c < RGB; c++) {
          move.value((y * width + x) * RGB + c, patch + (c * side + x % side) * side + y % side);
        }
      }
    }
  }
}
