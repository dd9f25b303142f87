// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * Standard deviation of the luma's noise, mean over frames.
 *
 * <p>The mask [1 -2 1; -2 4 -2; 1 -2 1] answers to noise and hardly to structure; white noise of
 * deviation s gives it a deviation of 6 s. The deviation is taken as mean absolute answer over
 * 0.7979 (the ratio of a normal distribution), over the quietest three quarters of 4x4-pixel tiles,
 * so that edges do not count.
 *
 * <p>Source of the mask: J. Immerkaer, "Fast noise variance estimation", 1996.
 */
final class Noise implements ClipMeasure {
  private static final int TILE = 4;
  private static final double QUIET_SHARE = 0.75;
  private static final double MASK_GAIN = 6 * Math.sqrt(2 / Math.PI);

  private double sum;
  private int frames;

  @Override
  public MeasureInfo info() {
    return new MeasureInfo(
        "noise",
        "levels",
        Better.LOWER,
        1,
        "deviation of the luma's noise by Immerkaer's mask over the quietest three quarters of"
            + " tiles");
  }

  @Override
  public void accept(Planes f) {
    int columns = Math.max(0, (f.width() - 2) / TILE);
    int rows = Math.max(0, (f.height() - 2) / TILE);
    double[] tiles = new double[columns * rows];
    for (int y = 0; y < rows * TILE; y++) {
      for (int x = 0; x < columns * TILE; x++) {
        tiles[y / TILE * columns + x / TILE] += Math.abs(answer(f, x + 1, y + 1));
      }
    }
    Arrays.sort(tiles);
    int quiet = (int) Math.ceil(QUIET_SHARE * tiles.length);
    double mean = 0;
    for (int i = 0; i < quiet; i++) {
      mean += tiles[i] / (TILE * TILE) / quiet;
    }
    sum += mean / MASK_GAIN;
    frames++;
  }

  private static double answer(Planes f, int x, int y) {
    float[] v = f.luma();
    int w = f.width();
    int i = y * w + x;
    return v[i - w - 1]
        + v[i - w + 1]
        + v[i + w - 1]
        + v[i + w + 1]
        - 2 * (v[i - w] + v[i + w] + v[i - 1] + v[i + 1])
        + 4 * v[i];
  }

  @Override
  public OptionalDouble value() {
    return frames < 1 ? OptionalDouble.empty() : OptionalDouble.of(sum / frames);
  }
}
