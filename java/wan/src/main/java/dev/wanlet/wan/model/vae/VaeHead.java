// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;
import java.util.List;

/**
 * Norm, SiLU and the last convolution, and on to the host. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code head} of {@code Encoder3d} and {@code Decoder3d}.
 */
final class VaeHead {
  /**
   * What a network ends with.
   *
   * @param name the checkpoint's
   * @param in channels of the last layer
   * @param out channels for the host
   */
  record Spec(String name, int in, int out) {
    ModuleSpec norm() {
      return ModuleSpec.norm(name + ".0", in);
    }

    ModuleSpec convolution() {
      return ModuleSpec.causal(name + ".2", out, in);
    }

    List<ModuleSpec> modules() {
      return List.of(norm(), convolution());
    }
  }

  private final FrameEngine engine;
  private final Spec spec;
  private final Tensor gamma;
  private final CausalConv3d convolution;
  private final int height;
  private final int width;

  VaeHead(FrameEngine engine, Spec spec, int height, int width) {
    this.engine = engine;
    this.spec = spec;
    this.gamma = engine.weight(spec.norm().weight());
    this.convolution = new CausalConv3d(engine, spec.convolution(), height, width);
    this.height = height;
    this.width = width;
  }

  /**
   * The frame's result; releases the frame.
   *
   * @return [H * W, out]; zeros when measuring
   */
  float[] forward(Frame x) {
    int out = spec.out();
    Tensor padded = VaeNorm.padded(engine, spec.norm().name(), x, gamma);
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
