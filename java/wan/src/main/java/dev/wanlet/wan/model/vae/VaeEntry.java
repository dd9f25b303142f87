// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.PaddedFrames;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Brings a frame from the host through the first convolution. Confined to one thread. */
final class VaeEntry {
  /**
   * What a network begins with.
   *
   * @param pointwise a product with each pixel's channels before the convolution, or empty
   * @param convolution the first convolution
   */
  record Spec(Optional<ModuleSpec> pointwise, ModuleSpec convolution) {
    /** Channels from the host. */
    int in() {
      return convolution.in();
    }

    List<ModuleSpec> modules() {
      return Stream.concat(pointwise.stream(), Stream.of(convolution)).toList();
    }
  }

  private final FrameEngine engine;
  private final CausalConv3d convolution;
  private final Tensor pointwise;
  private final Tensor pointwiseBias;
  private final int in;
  private final int out;
  private final int height;
  private final int width;

  VaeEntry(FrameEngine engine, Spec spec, int height, int width) {
    this.engine = engine;
    this.pointwise = spec.pointwise().map(p -> engine.weight(p.weight())).orElse(null);
    this.pointwiseBias = spec.pointwise().map(p -> engine.weight(p.bias())).orElse(null);
    this.convolution = new CausalConv3d(engine, spec.convolution(), height, width);
    this.in = spec.in();
    this.out = spec.convolution().out();
    this.height = height;
    this.width = width;
  }

  /**
   * @param pixels [H * W, in]; not looked at when measuring
   */
  Frame forward(float[] pixels) {
    Tensor padded = PaddedFrames.take(engine, height, width, in);
    engine.run(
        convolution.name() + ".input",
        height,
        8L * width * in,
        b -> {
          GraphBuilder g = b.graph();
          int count = b.rows() * width * in;
          Tensor rows = g.input("pixels", TensorType.F32, (long) b.rows() * width, in);
          b.beforeRun(() -> rows.set(0, pixels, b.first() * width * in, count));
          Tensor x =
              pointwise == null ? rows : g.addInPlace(g.matmul(pointwise, rows), pointwiseBias);
          PaddedFrames.store(b, x, padded);
        });
    Frame y = Frame.take(engine, height, width, out);
    engine.run(
        convolution.name(),
        height,
        convolution.bytesPerRow(),
        b -> b.graph().run(b.graph().copy(convolution.forward(b, padded), y.rows(b))));
    convolution.advance(padded);
    engine.release(padded);
    return y;
  }

  void reset() {
    convolution.reset();
  }
}
