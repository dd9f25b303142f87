// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.model.vae.FrameConvolution.Geometry;
import dev.wanlet.wan.model.vae.FrameHistory.Rows;
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
  private final VaeEngine engine;
  private final String name;
  private final FrameConvolution convolution;
  private final TemporalConv temporal;
  private final int channels;
  private boolean first = true;

  /**
   * @param height of the input, like the width
   */
  UpsampleLayer(VaeEngine engine, String name, int channels, int height, int width) {
    this.engine = engine;
    this.name = name;
    this.channels = channels;
    this.convolution =
        new FrameConvolution(
            engine, name + ".resample.1", Geometry.DOUBLED, 1, channels, channels / 2);
    this.temporal =
        engine.hasWeight(name + ".time_conv.weight")
            ? new TemporalConv(engine, name + ".time_conv", channels, 2 * channels, height, width)
            : null;
  }

  @Override
  public void push(Frame x, Consumer<Frame> next) {
    boolean doubles = temporal != null && !first;
    first = false;
    if (!doubles) {
      Tensor padded = PaddedFrames.take(engine, x.height(), x.width(), channels);
      engine.run(
          name + ".pad",
          x.height(),
          x.width() * channels * 4L,
          b -> PaddedFrames.store(b, x.rows(b), padded));
      x.release(engine);
      next.accept(enlarged(padded, x.height(), x.width()));
      return;
    }
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
    Frame y = Frame.take(engine, 2 * height, 2 * width, channels / 2);
    engine.run(
        name + ".resample.1",
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
