// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.frames.FrameEngine;

/**
 * The product behind the encoder's head, as far as it makes the mean of the posterior: the first
 * half of its channels. The others, the log variance, are not computed. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code conv1} in {@code WanVAE_.encode}.
 */
final class PosteriorMean {
  private final FrameEngine engine;
  private final ModuleSpec spec;
  private final Tensor weight;
  private final Tensor bias;

  PosteriorMean(FrameEngine engine, ModuleSpec spec) {
    this.engine = engine;
    this.spec = spec;
    this.weight = engine.weight(spec.weight());
    this.bias = engine.weight(spec.bias());
  }

  /**
   * The mean for a latent frame.
   *
   * @param posterior [H * W, 2 * zDim]; not looked at when measuring
   * @return [H * W, zDim]; empty when measuring
   */
  float[] forward(float[] posterior, int height, int width) {
    int z = spec.out() / 2;
    float[] mean = new float[engine.isMeasuring() ? 0 : height * width * z];
    engine.run(
        spec.name(),
        height,
        16L * width * z,
        b -> {
          GraphBuilder g = b.graph();
          int pixels = b.rows() * width;
          int first = b.first() * width;
          Tensor rows = g.input("posterior", TensorType.F32, pixels, 2L * z);
          b.beforeRun(() -> rows.set(0, posterior, first * 2 * z, pixels * 2 * z));
          Tensor mu = g.matmul(g.slice(weight, 0, 0, z), rows);
          Tensor result = g.output(g.addInPlace(mu, g.slice(bias, 0, 0, z)));
          b.afterRun(() -> result.get(0, mean, first * z, pixels * z));
        });
    return mean;
  }
}
