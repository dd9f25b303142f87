// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import dev.wanlet.ggml.Shape;

/**
 * The clip's own among latents that begin with a frame for each picture to refer to. Immutable.
 *
 * <p>Source: Wan2.1 wan/vace.py, WanVace.decode_latent.
 *
 * @param shape of all latents: [C, T, h, w]
 * @param references frames in front of the clip's
 */
public record ClipLatents(Shape shape, int references) {
  /** Latent frames of the clip. */
  public int frames() {
    return Math.toIntExact(shape.dim(1)) - references;
  }

  /** Shape of the clip's latents. */
  public Shape own() {
    return Shape.of(shape.dim(0), frames(), shape.dim(2), shape.dim(3));
  }

  /** The clip's latents; all of them if there is nothing else. */
  public float[] of(float[] latents) {
    if (references == 0) {
      return latents;
    }
    int area = Math.toIntExact(shape.dim(2) * shape.dim(3));
    int all = Math.toIntExact(shape.dim(1)) * area;
    int kept = frames() * area;
    float[] own = new float[Math.toIntExact(own().elements())];
    for (int c = 0; c < shape.dim(0); c++) {
      System.arraycopy(latents, c * all + references * area, own, c * kept, kept);
    }
    return own;
  }
}
