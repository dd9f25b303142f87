// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

/**
 * Sinusoidal features of a timestep: cosines first, then sines, of the timestep times 10000^(-i /
 * half). Stateless, thread-safe.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, {@code sinusoidal_embedding_1d}.
 */
public final class TimestepFeatures {
  private static final double BASE = 10000;

  private TimestepFeatures() {}

  /**
   * The features of one timestep, computed in double precision.
   *
   * @param timestep in [0, 1000], not necessarily an integer
   * @param dim number of features, even
   * @return [dim]
   */
  public static float[] of(double timestep, int dim) {
    if (dim < 2 || dim % 2 != 0) {
      throw new IllegalArgumentException("timestep features: dimension " + dim + " must be even");
    }
    int half = dim / 2;
    float[] features = new float[dim];
    for (int i = 0; i < half; i++) {
      double angle = timestep * Math.pow(BASE, -(double) i / half);
      features[i] = (float) Math.cos(angle);
      features[half + i] = (float) Math.sin(angle);
    }
    return features;
  }
}
