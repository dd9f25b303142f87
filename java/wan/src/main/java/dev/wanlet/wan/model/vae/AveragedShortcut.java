// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.frames.Band;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;

/**
 * The mean of every 2 x 2 pixels; where frames are joined, each channel of two frames becomes two
 * adjacent channels, and the first frame of a clip has zeros before it. Confined to one thread.
 *
 * <p>Source: Wan2.2 wan/modules/vae2_2.py, {@code AvgDown3D}.
 */
final class AveragedShortcut {
  private static final float MEAN_OF_FOUR = 0.25f;

  private final FrameEngine engine;
  private final LevelSpec spec;
  private Frame mean; // null between the frames it is made of
  private long frames;

  AveragedShortcut(FrameEngine engine, LevelSpec spec) {
    this.engine = engine;
    this.spec = spec;
  }

  /** Takes note of a frame that goes into the level; it stays as it is. */
  void see(Frame x) {
    boolean joins = spec.isTemporal();
    boolean isFirst = frames++ == 0;
    if (mean == null) {
      mean = Frame.take(engine, x.height() / 2, x.width() / 2, spec.out());
    }
    if (!joins) {
      average(x, 0);
    } else if (isFirst) {
      average(x, 1);
      blank();
    } else {
      average(x, frames % 2 == 0 ? 0 : 1);
    }
  }

  /** Adds the shortcut to what the level made of the frames seen. */
  void add(Frame y) {
    Frame shortcut = mean;
    mean = null;
    engine.run(
        spec.name() + ".shortcut",
        y.height(),
        bytesPerRow(y.width()),
        b -> b.graph().run(b.graph().addInPlace(y.rows(b), shortcut.rows(b))));
    shortcut.release(engine);
  }

  void reset() {
    frames = 0;
    mean = null;
  }

  private long bytesPerRow(int width) {
    return 4L * Float.BYTES * width * spec.out();
  }

  /** Writes the means of a frame's pixels, to every second channel where frames are joined. */
  private void average(Frame x, int place) {
    Frame target = mean;
    engine.run(
        spec.name() + ".mean" + place,
        target.height(),
        bytesPerRow(target.width()),
        b -> {
          GraphBuilder g = b.graph();
          Tensor sum = g.add(corner(b, x, 0), corner(b, x, 1));
          sum = g.addInPlace(g.addInPlace(sum, corner(b, x, 2)), corner(b, x, 3));
          store(b, g.scale(sum, MEAN_OF_FOUR), target, place);
        });
  }

  /** Where the frame before the first would be. */
  private void blank() {
    Frame target = mean;
    engine.run(
        spec.name() + ".blank",
        target.height(),
        bytesPerRow(target.width()),
        b -> {
          GraphBuilder g = b.graph();
          Tensor any = every(b, target, 1);
          g.run(g.copy(g.scale(g.contiguous(any), 0), every(b, target, 0)));
        });
  }

  /** One pixel of every 2 x 2 that the band needs, [rows, W / 2, C]. */
  private static Tensor corner(Band b, Frame x, int index) {
    long row = (long) x.width() * x.channels();
    long start = (2L * b.first() + index / 2) * row + (long) (index % 2) * x.channels();
    long[] shape = {b.rows(), x.width() / 2, x.channels()};
    return b.graph().strided(x.tensor(), start, shape, 2 * row, 2L * x.channels());
  }

  private void store(Band b, Tensor means, Frame target, int place) {
    GraphBuilder g = b.graph();
    long pixels = (long) b.rows() * target.width();
    if (spec.isTemporal()) {
      g.run(g.copy(g.reshape(means, pixels, spec.in(), 1), every(b, target, place)));
    } else {
      g.run(g.copy(g.reshape(means, pixels, spec.in()), target.rows(b)));
    }
  }

  /** Every second channel of the band's pixels, [pixels, C / 2, 1]. */
  private static Tensor every(Band b, Frame frame, int place) {
    long channels = frame.channels();
    long start = (long) b.first() * frame.width() * channels + place;
    long[] shape = {(long) b.rows() * frame.width(), channels / 2, 1};
    return b.graph().strided(frame.tensor(), start, shape, channels, 2);
  }
}
