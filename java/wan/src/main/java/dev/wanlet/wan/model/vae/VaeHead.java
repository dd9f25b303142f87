// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/**
 * Norm, SiLU and the last convolution, and on to the host. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code head} of {@code Encoder3d} and {@code Decoder3d}.
 */
final class VaeHead {
  private final VaeEngine engine;
  private final String name;
  private final Tensor gamma;
  private final CausalConv3d convolution;
  private final int in;
  private final int out;
  private final int height;
  private final int width;

  VaeHead(VaeEngine engine, String name, int in, int out, int height, int width) {
    this.engine = engine;
    this.name = name;
    this.gamma = engine.weight(name + ".0.gamma");
    this.convolution = new CausalConv3d(engine, name + ".2", in, out, height, width);
    this.in = in;
    this.out = out;
    this.height = height;
    this.width = width;
  }

  /**
   * The frame's result; releases the frame.
   *
   * @return [H * W, out]; zeros when measuring
   */
  float[] forward(Frame x) {
    Tensor padded = PaddedFrames.take(engine, height, width, in);
    engine.run(
        name + ".0",
        height,
        width * in * 8L,
        b -> PaddedFrames.store(b, VaeNorm.activated(b.graph(), x.rows(b), gamma), padded));
    x.release(engine);
    float[] pixels = new float[engine.isMeasuring() ? 0 : height * width * out];
    engine.run(
        convolution.name(),
        height,
        convolution.bytesPerRow(),
        b -> {
          GraphBuilder g = b.graph();
          Tensor rows = g.output(convolution.forward(b, padded));
          b.afterRun(() -> rows.get(0, pixels, b.first() * width * out, b.rows() * width * out));
        });
    convolution.advance(padded);
    engine.release(padded);
    return pixels;
  }

  void reset() {
    convolution.reset();
  }
}
