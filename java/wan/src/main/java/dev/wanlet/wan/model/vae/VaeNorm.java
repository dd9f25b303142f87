// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.PaddedFrames;

/**
 * The VAE's norm over channels: x / ||x|| * sqrt(C) * gamma, which is an RMS norm. Stateless.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code RMS_norm}.
 */
final class VaeNorm {
  // torch's normalize divides by max(||x||, 1e-12): for any other x than 0 this is too small to
  // matter, and 0 gives 0.
  private static final float EPSILON = 1e-30f;

  private VaeNorm() {}

  /** x [pixels, C], F32; gamma [C]. */
  static Tensor norm(GraphBuilder g, Tensor x, Tensor gamma) {
    return Norms.rmsNorm(g, x, gamma, EPSILON);
  }

  /**
   * A frame after norm and SiLU, with a zero border around it.
   *
   * @param key of the pass
   */
  static Tensor padded(FrameEngine engine, String key, Frame x, Tensor gamma) {
    return PaddedFrames.of(engine, key, x, (g, rows) -> activated(g, rows, gamma));
  }

  /** The norm, then SiLU. */
  static Tensor activated(GraphBuilder g, Tensor x, Tensor gamma) {
    return g.silu(norm(g, x, gamma));
  }
}
