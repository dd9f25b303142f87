// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

/**
 * How the latents of a clip are cut into tokens: frame-major, then row, then column. Immutable.
 *
 * @param frames latent frames
 * @param rows latent rows / 2
 * @param columns latent columns / 2
 */
public record TokenGrid(int frames, int rows, int columns) {
  public TokenGrid {
    if (frames < 1 || rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "a token grid of " + frames + " x " + rows + " x " + columns);
    }
  }

  /** The grid of latents [C, T, H, W]; H and W must be even. */
  public static TokenGrid ofLatents(int frames, int height, int width) {
    if (height % 2 != 0 || width % 2 != 0) {
      throw new IllegalArgumentException(
          "latents of " + width + "x" + height + " have an odd side; patches are 2x2");
    }
    return new TokenGrid(frames, height / 2, width / 2);
  }

  public int tokens() {
    return Math.multiplyExact(Math.multiplyExact(frames, rows), columns);
  }

  public int latentHeight() {
    return rows * 2;
  }

  public int latentWidth() {
    return columns * 2;
  }
}
