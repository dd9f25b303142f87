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
 * Halves the resolution and, if it is temporal, makes one frame of every two after the first.
 * Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code Resample} with {@code downsample2d} and {@code
 * downsample3d}.
 */
final class DownsampleLayer implements FrameLayer {
  private final FrameEngine engine;
  private final ResampleSpec spec;
  private final FrameConvolution convolution;
  private final TemporalConv temporal;
  private long frames;

  /**
   * @param height of the input, like the width; both even
   */
  DownsampleLayer(FrameEngine engine, ResampleSpec spec, int height, int width) {
    this.engine = engine;
    this.spec = spec;
    this.convolution = spec.convolution().convolution(engine, Geometry.HALVED);
    this.temporal =
        spec.isTemporal() ? new TemporalConv(engine, spec.temporal(), height / 2, width / 2) : null;
  }

  @Override
  public void push(Frame x, Consumer<Frame> next) {
    Frame y = reduced(x);
    if (temporal == null) {
      next.accept(y);
      return;
    }
    boolean passes = frames == 0;
    boolean joins = !passes && frames % 2 == 0;
    frames++;
    Tensor current = temporal.narrowed(y);
    if (joins) {
      engine.run(
          temporal.name(),
          y.height(),
          temporal.bytesPerRow(),
          b -> b.graph().run(b.graph().copy(temporal.forward(b, current), y.rows(b))));
    }
    temporal.advance(current);
    engine.release(current);
    if (passes || joins) {
      next.accept(y);
    } else {
      y.release(engine);
    }
  }

  private Frame reduced(Frame x) {
    int height = x.height() / 2;
    int width = x.width() / 2;
    Tensor padded = PaddedFrames.of(engine, spec.name() + ".pad", x);
    x.release(engine);
    Frame y = Frame.take(engine, height, width, spec.out());
    engine.run(
        spec.convolution().name(),
        height,
        convolution.bytesPerRow(width),
        b -> {
          GraphBuilder g = b.graph();
          List<Rows> rows =
              List.of(new Rows(padded, FrameConvolution.firstInput(Geometry.HALVED, b.first())));
          g.run(g.copy(convolution.forward(g, rows, b.rows(), width), y.rows(b)));
        });
    engine.release(padded);
    return y;
  }

  @Override
  public void reset() {
    frames = 0;
    if (temporal != null) {
      temporal.reset();
    }
  }
}
