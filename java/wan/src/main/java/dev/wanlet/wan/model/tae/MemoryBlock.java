// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.tae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.frames.Band;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameConvolution;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.FrameHistory;
import dev.wanlet.wan.nn.frames.FrameHistory.Rows;
import dev.wanlet.wan.nn.frames.PaddedFrames;
import java.util.List;

/**
 * Three convolutions around a shortcut; the first reads the frame and the one before it. Confined
 * to one thread.
 *
 * <p>Source: madebyollin/taehv taehv.py, {@code MemBlock}.
 */
final class MemoryBlock {
  private final FrameEngine engine;
  private final String name;
  private final FrameConvolution first;
  private final FrameConvolution second;
  private final FrameConvolution third;
  private final FrameHistory history;
  private final int channels;

  MemoryBlock(FrameEngine engine, String name, int channels, int height, int width) {
    this.engine = engine;
    this.name = name;
    this.channels = channels;
    this.first = convolution(0, 2);
    this.second = convolution(1, 1);
    this.third = convolution(2, 1);
    this.history =
        new FrameHistory(
            engine,
            name,
            1,
            engine.settings().convolutionType(),
            Shape.of(height + 2L, width + 2L, channels),
            true);
  }

  private FrameConvolution convolution(int index, int frames) {
    String module = TaeNames.convolution(name, index);
    return new FrameConvolution(
        engine,
        engine.weight(module + ".weight"),
        engine.weight(module + ".bias"),
        frames,
        channels,
        channels,
        Geometry.SAME);
  }

  /** The frame after the block, in its place. */
  Frame forward(Frame x) {
    Tensor current = PaddedFrames.of(engine, name + ".pad", x);
    Tensor a = activated(x, ".conv.0", first, b -> currentAndPast(b, current));
    history.advance(current);
    engine.release(current);
    Tensor h = activated(x, ".conv.2", second, b -> List.of(new Rows(a, b.first())));
    engine.release(a);
    engine.run(
        name + ".conv.4",
        x.height(),
        third.bytesPerRow(x.width()),
        b -> {
          GraphBuilder g = b.graph();
          List<Rows> rows = List.of(new Rows(h, b.first()));
          Tensor sum = g.addInPlace(third.forward(g, rows, b.rows(), x.width()), x.rows(b));
          g.run(g.copy(relu(g, sum), x.rows(b)));
        });
    engine.release(h);
    return x;
  }

  /** The rows of a frame that a convolution reads for a band. */
  @FunctionalInterface
  private interface Reading {
    List<Rows> of(Band band);
  }

  /** A padded frame of a convolution's result, without what is below 0. */
  private Tensor activated(Frame x, String key, FrameConvolution convolution, Reading reading) {
    Tensor result = PaddedFrames.take(engine, x.height(), x.width(), channels);
    engine.run(
        name + key,
        x.height(),
        convolution.bytesPerRow(x.width()),
        b -> {
          GraphBuilder g = b.graph();
          Tensor y = convolution.forward(g, reading.of(b), b.rows(), x.width());
          PaddedFrames.store(b, relu(g, y), result);
        });
    return result;
  }

  /** What is above 0; in place. */
  static Tensor relu(GraphBuilder g, Tensor x) {
    return g.clamp(x, 0, Float.MAX_VALUE);
  }

  /** In the order that the kernel has them, which is not the order of time. */
  private List<Rows> currentAndPast(Band b, Tensor current) {
    List<Rows> inTime = history.rows(b, current, b.first(), b.rows() + 2L);
    return List.of(inTime.get(1), inTime.get(0));
  }

  /** Starts a new clip. */
  void reset() {
    history.reset();
  }
}
