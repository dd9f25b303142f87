// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameConvolution;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.FrameHistory.Rows;
import dev.wanlet.wan.nn.frames.PaddedFrames;
import java.util.List;
import java.util.function.Consumer;

/**
 * Doubles the resolution and, if it is temporal, makes two frames of each but the first. Confined
 * to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code Resample} with {@code upsample2d} and {@code
 * upsample3d}.
 */
final class UpsampleLayer implements FrameLayer {
  private final FrameEngine engine;
  private final ResampleSpec spec;
  private final FrameConvolution convolution;
  private final TemporalConv temporal;
  private boolean first = true;

  /**
   * @param height of the input, like the width
   */
  UpsampleLayer(FrameEngine engine, ResampleSpec spec, int height, int width) {
    this.engine = engine;
    this.spec = spec;
    this.convolution = spec.convolution().convolution(engine, Geometry.DOUBLED);
    this.temporal =
        spec.isTemporal() ? new TemporalConv(engine, spec.temporal(), height, width) : null;
  }

  @Override
  public void push(Frame x, Consumer<Frame> next) {
    boolean doubles = temporal != null && !first;
    first = false;
    if (!doubles) {
      Tensor padded = PaddedFrames.of(engine, spec.name() + ".pad", x);
      x.release(engine);
      next.accept(enlarged(padded, x.height(), x.width()));
      return;
    }
    int channels = spec.in();
    Tensor current = temporal.narrowed(x);
    x.release(engine);
    Tensor even = PaddedFrames.take(engine, x.height(), x.width(), channels);
    Tensor odd = PaddedFrames.take(engine, x.height(), x.width(), channels);
    engine.run(
        temporal.name(),
        x.height(),
        temporal.bytesPerRow(),
        b -> {
          GraphBuilder g = b.graph();
          Tensor both = temporal.forward(b, current);
          PaddedFrames.store(b, g.slice(both, 1, 0, channels), even);
          PaddedFrames.store(b, g.slice(both, 1, channels, 2L * channels), odd);
        });
    temporal.advance(current);
    engine.release(current);
    next.accept(enlarged(even, x.height(), x.width()));
    next.accept(enlarged(odd, x.height(), x.width()));
  }

  /** The frame at double resolution; releases the padded one. */
  private Frame enlarged(Tensor padded, int height, int width) {
    Frame y = Frame.take(engine, 2 * height, 2 * width, spec.out());
    engine.run(
        spec.convolution().name(),
        height,
        convolution.bytesPerRow(2 * width),
        b -> {
          GraphBuilder g = b.graph();
          List<Rows> rows = List.of(new Rows(padded, b.first()));
          Tensor pixels = convolution.forward(g, rows, b.rows(), 2 * width);
          g.run(g.copy(pixels, y.rows(g, 2L * b.first(), 2L * b.rows())));
        });
    engine.release(padded);
    return y;
  }

  @Override
  public void reset() {
    first = true;
    if (temporal != null) {
      temporal.reset();
    }
  }
}
