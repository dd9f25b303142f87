// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.frames.Band;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.FrameHistory;
import dev.wanlet.wan.nn.frames.FrameHistory.Rows;
import java.util.List;

/**
 * A convolution over three frames of one pixel, on a stream of frames: {@code time_conv} of the
 * resampling layers. Confined to one thread.
 */
final class TemporalConv {
  private final FrameEngine engine;
  private final String name;
  private final Tensor kernel;
  private final Tensor bias;
  private final FrameHistory history;
  private final int kernelFrames;
  private final int in;
  private final int out;
  private final int height;
  private final int width;

  TemporalConv(FrameEngine engine, ModuleSpec spec, int height, int width) {
    this.engine = engine;
    this.name = spec.name();
    this.kernel = engine.weight(spec.weight());
    this.bias = engine.weight(spec.bias());
    this.kernelFrames = spec.kind().frames();
    this.in = spec.in();
    this.out = spec.out();
    this.height = height;
    this.width = width;
    this.history =
        new FrameHistory(
            engine,
            name,
            CausalConv3d.PAST_FRAMES,
            engine.settings().convolutionType(),
            Shape.of(height, width, in));
  }

  String name() {
    return name;
  }

  long bytesPerRow() {
    return (long) width
        * ((long) kernelFrames * in * kernel.type().blockBytes()
            + 3L * out * TensorType.F32.blockBytes());
  }

  /** The frame in the type it is convolved and remembered in, [H, W, C]; release it. */
  Tensor narrowed(Frame x) {
    Tensor current = engine.take(engine.settings().convolutionType(), height, width, in);
    engine.run(
        name + ".narrow",
        1,
        1,
        b -> {
          GraphBuilder g = b.graph();
          g.run(g.copy(x.tensor(), current));
        });
    return current;
  }

  /** The band's output pixels, [rows * W, out], F32. */
  Tensor forward(Band b, Tensor current) {
    GraphBuilder g = b.graph();
    List<Rows> frames = history.rows(b, current, b.first(), b.rows());
    long columns = (long) frames.size() * in;
    Tensor joined = g.input("joined", kernel.type(), (long) b.rows() * width, columns);
    long row = (long) width * in;
    long[] shape = {b.rows(), width, in};
    for (int frame = 0; frame < frames.size(); frame++) {
      Rows rows = frames.get(frame);
      g.run(
          g.copy(
              g.strided(rows.tensor(), rows.first() * row, shape, row, in),
              g.strided(joined, (long) frame * in, shape, width * columns, columns)));
    }
    long left = (long) kernelFrames * in - columns;
    Tensor part = left == 0 ? kernel : g.slice(kernel, 1, left, left + columns);
    return g.addInPlace(g.matmul(part, joined), bias);
  }

  void advance(Tensor current) {
    history.advance(current);
  }

  void reset() {
    history.reset();
  }
}
