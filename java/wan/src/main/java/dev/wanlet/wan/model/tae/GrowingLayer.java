// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.tae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameConvolution;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.FrameHistory.Rows;
import dev.wanlet.wan.nn.frames.PaddedFrames;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes one or two frames of one, doubles the resolution, and convolves. Confined to one thread.
 *
 * <p>The product with each pixel's channels comes before the doubling here and behind it in the
 * reference: repeated pixels have equal products. Source: madebyollin/taehv taehv.py, {@code
 * nn.Upsample}, {@code TGrow} and the convolution behind them.
 */
final class GrowingLayer {
  private final FrameEngine engine;
  private final String name;
  private final FrameConvolution convolution;
  private final Tensor product;
  private final int in;
  private final int out;
  private final int stride;

  /**
   * @param in channels of the frames it takes
   * @param out channels of those it makes
   */
  GrowingLayer(FrameEngine engine, int level, int in, int out) {
    this.engine = engine;
    this.name = TaeNames.doubled(level);
    this.product = engine.weight(TaeNames.grow(level) + ".weight");
    this.convolution =
        new FrameConvolution(
            engine, engine.weight(name + ".weight"), null, 1, in, out, Geometry.DOUBLED);
    this.in = in;
    this.out = out;
    this.stride = TaeConfig.stride(level);
  }

  /** Makes the frames of one, at double resolution. */
  void push(Frame x, Consumer<Frame> next) {
    for (Tensor padded : grown(x)) {
      Frame y = Frame.take(engine, 2 * x.height(), 2 * x.width(), out);
      enlarge(x, padded, (g, pixels, first, rows) -> g.run(g.copy(pixels, y.rows(g, first, rows))));
      engine.release(padded);
      next.accept(y);
    }
  }

  /** As {@link #push}; the frames are padded, without what is below 0. The receiver releases. */
  void pushActivated(Frame x, Consumer<Tensor> next) {
    for (Tensor padded : grown(x)) {
      Tensor y = PaddedFrames.take(engine, 2 * x.height(), 2 * x.width(), out);
      enlarge(
          x,
          padded,
          (g, pixels, first, rows) ->
              PaddedFrames.store(g, MemoryBlock.relu(g, pixels), y, first, rows));
      engine.release(padded);
      next.accept(y);
    }
  }

  /** The padded frames, in time; releases the one they are made of. */
  private List<Tensor> grown(Frame x) {
    List<Tensor> padded = new ArrayList<>();
    for (int i = 0; i < stride; i++) {
      padded.add(PaddedFrames.take(engine, x.height(), x.width(), in));
    }
    // A checkpoint may hold more rows than are used: the last frames count.
    long unused = product.dim(0) - (long) stride * in;
    engine.run(
        name + ".grow",
        x.height(),
        (4L + 8L * stride) * x.width() * in,
        b -> {
          GraphBuilder g = b.graph();
          Tensor used = unused == 0 ? product : g.slice(product, 0, unused, product.dim(0));
          Tensor all = g.matmul(used, x.rows(b));
          for (int i = 0; i < stride; i++) {
            Tensor one = stride == 1 ? all : g.slice(all, 1, (long) i * in, (i + 1L) * in);
            PaddedFrames.store(b, one, padded.get(i));
          }
        });
    x.release(engine);
    return padded;
  }

  /** Where the pixels of a band of enlarged rows go. */
  @FunctionalInterface
  private interface Target {
    void put(GraphBuilder g, Tensor pixels, long first, long rows);
  }

  private void enlarge(Frame x, Tensor padded, Target target) {
    engine.run(
        name,
        x.height(),
        convolution.bytesPerRow(2 * x.width()),
        b -> {
          GraphBuilder g = b.graph();
          List<Rows> rows = List.of(new Rows(padded, b.first()));
          Tensor pixels = convolution.forward(g, rows, b.rows(), 2 * x.width());
          target.put(g, pixels, 2L * b.first(), 2L * b.rows());
        });
  }
}
