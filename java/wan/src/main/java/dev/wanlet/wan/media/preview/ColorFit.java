// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.preview;

import java.util.ArrayList;
import java.util.List;

/**
 * Fits {@link LatentColors} to clips of which latents and frames are known, by least squares: a
 * latent cell's colour is the mean of the pixels that it stands for. Confined to one thread.
 */
public final class ColorFit {
  private static final int RGB = 3;

  private final int unknowns;
  private final double[][] products;
  private final double[][] targets;
  private long cells;

  /**
   * @param channels of the latents
   */
  public ColorFit(int channels) {
    this.unknowns = channels * LatentColors.CELLS + 1;
    this.products = new double[unknowns][unknowns];
    this.targets = new double[unknowns][RGB];
  }

  /**
   * Adds a clip.
   *
   * @param latents [C, T, h, w], normalised
   * @param frames T
   * @param height h
   * @param width w
   * @param means [T, 3, h, w]: what {@link #means} makes of the frames
   */
  public void add(float[] latents, int frames, int height, int width, float[] means) {
    int area = height * width;
    float[][] seen = new float[unknowns - 1][area];
    double[] row = new double[unknowns];
    row[unknowns - 1] = 1;
    for (int t = 0; t < frames; t++) {
      for (int k = 0; k < unknowns - 1; k++) {
        int from = (k / LatentColors.CELLS * frames + t) * area;
        LatentColors.shift(latents, from, height, width, k % LatentColors.CELLS, seen[k]);
      }
      for (int i = 0; i < area; i++) {
        for (int k = 0; k < unknowns - 1; k++) {
          row[k] = seen[k][i];
        }
        add(row, means, t * RGB * area + i, area);
        cells++;
      }
    }
  }

  private void add(double[] row, float[] means, int at, int plane) {
    for (int a = 0; a < unknowns; a++) {
      for (int b = 0; b <= a; b++) {
        products[a][b] += row[a] * row[b];
      }
      for (int c = 0; c < RGB; c++) {
        targets[a][c] += row[a] * means[at + c * plane];
      }
    }
  }

  /**
   * The mean colours of each latent frame's cells.
   *
   * @param clip frames of [3, H, W], -1 to 1: one for the first latent frame, {@code
   *     temporalFactor} for each other
   * @param spatialFactor pixels in a row or column of a cell
   * @return [T, 3, h, w]
   */
  public static float[] means(
      List<float[]> clip, int height, int width, int spatialFactor, int temporalFactor) {
    int count = (clip.size() - 1) / temporalFactor + 1;
    int h = height / spatialFactor;
    int w = width / spatialFactor;
    float[] means = new float[count * RGB * h * w];
    for (int t = 0; t < count; t++) {
      int from = t == 0 ? 0 : (t - 1) * temporalFactor + 1;
      int until = t == 0 ? 1 : from + temporalFactor;
      for (float[] frame : clip.subList(from, until)) {
        float[] small = shrunk(frame, height, width, spatialFactor);
        for (int i = 0; i < small.length; i++) {
          means[t * small.length + i] += small[i] / (until - from);
        }
      }
    }
    return means;
  }

  /**
   * A frame with each square of pixels as one.
   *
   * @param frame [3, H, W]
   * @return [3, H / factor, W / factor]
   */
  public static float[] shrunk(float[] frame, int height, int width, int factor) {
    int h = height / factor;
    int w = width / factor;
    float[] small = new float[RGB * h * w];
    float share = 1f / (factor * factor);
    for (int c = 0; c < RGB; c++) {
      for (int y = 0; y < h * factor; y++) {
        for (int x = 0; x < w * factor; x++) {
          small[(c * h + y / factor) * w + x / factor] +=
              share * frame[(c * height + y) * width + x];
        }
      }
    }
    return small;
  }

  /**
   * The fit.
   *
   * @param ridge how strongly weights are drawn to 0, as a share of what latents vary by; a little
   *     keeps the fit defined where channels depend on each other, more helps where the clips are
   *     not like those to be shown
   * @throws IllegalStateException if there are fewer cells than unknowns
   */
  public LatentColors solve(double ridge) {
    if (cells < unknowns) {
      throw new IllegalStateException(cells + " cells for a fit of " + unknowns + " unknowns");
    }
    double[][] lower = cholesky(ridge);
    List<List<Float>> weights = new ArrayList<>();
    List<Float> bias = new ArrayList<>();
    for (int c = 0; c < RGB; c++) {
      double[] solution = solve(lower, c);
      List<Float> row = new ArrayList<>();
      for (int k = 0; k < unknowns - 1; k++) {
        row.add((float) solution[k]);
      }
      weights.add(row);
      bias.add((float) solution[unknowns - 1]);
    }
    return new LatentColors(weights, bias);
  }

  private double[][] cholesky(double ridge) {
    double trace = 0;
    for (int a = 0; a < unknowns; a++) {
      trace += products[a][a];
    }
    double[][] lower = new double[unknowns][unknowns];
    for (int a = 0; a < unknowns; a++) {
      for (int b = 0; b <= a; b++) {
        double sum = products[a][b] + (a == b ? ridge * trace / unknowns : 0);
        for (int k = 0; k < b; k++) {
          sum -= lower[a][k] * lower[b][k];
        }
        lower[a][b] = a == b ? Math.sqrt(sum) : sum / lower[b][b];
      }
    }
    return lower;
  }

  private double[] solve(double[][] lower, int colour) {
    double[] x = new double[unknowns];
    for (int a = 0; a < unknowns; a++) {
      double sum = targets[a][colour];
      for (int k = 0; k < a; k++) {
        sum -= lower[a][k] * x[k];
      }
      x[a] = sum / lower[a][a];
    }
    for (int a = unknowns - 1; a >= 0; a--) {
      double sum = x[a];
      for (int k = a + 1; k < unknowns; k++) {
        sum -= lower[k][a] * x[k];
      }
      x[a] = sum / lower[a][a];
    }
    return x;
  }
}
