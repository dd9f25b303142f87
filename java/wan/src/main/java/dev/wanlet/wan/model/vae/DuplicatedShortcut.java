// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.frames.Band;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;

/**
 * Every pixel repeated to 2 x 2; of twice as many channels, adjacent ones give the two rows.
 * Without a change of size, the frame itself. Confined to one thread.
 *
 * <p>Source: Wan2.2 wan/modules/vae2_2.py, {@code DupUp3D}.
 */
final class DuplicatedShortcut {
  private static final int CORNERS = 4;

  private final FrameEngine engine;
  private final LevelSpec spec;

  DuplicatedShortcut(FrameEngine engine, LevelSpec spec) {
    this.engine = engine;
    this.spec = spec;
  }

  /**
   * Adds the shortcut to what the level made of a frame.
   *
   * @param x the frame; it stays as it is
   */
  void add(Frame x, Frame y) {
    engine.run(
        spec.name() + ".shortcut",
        x.height(),
        6L * Float.BYTES * x.width() * spec.in(),
        b -> {
          GraphBuilder g = b.graph();
          if (spec.geometry() == Geometry.SAME) {
            g.run(g.addInPlace(y.rows(b), x.rows(b)));
            return;
          }
          for (int corner = 0; corner < CORNERS; corner++) {
            g.run(g.addInPlace(corner(b, y, corner), channels(b, x, corner / 2)));
          }
        });
  }

  /** One pixel of every 2 x 2 that the band's pixels become, [rows, W, out]. */
  private static Tensor corner(Band b, Frame y, int index) {
    long row = (long) y.width() * y.channels();
    long start = (2L * b.first() + index / 2) * row + (long) (index % 2) * y.channels();
    long[] shape = {b.rows(), y.width() / 2, y.channels()};
    return b.graph().strided(y.tensor(), start, shape, 2 * row, 2L * y.channels());
  }

  /** The channels of the band's pixels that one row of the corners gets, [rows, W, out]. */
  private Tensor channels(Band b, Frame x, int row) {
    GraphBuilder g = b.graph();
    Tensor pixels = x.rows(b);
    if (spec.in() != spec.out()) {
      long start = (long) b.first() * x.width() * x.channels() + row;
      long[] shape = {(long) b.rows() * x.width(), spec.out(), 1};
      pixels = g.contiguous(g.strided(x.tensor(), start, shape, x.channels(), 2));
    }
    return g.reshape(pixels, b.rows(), x.width(), spec.out());
  }
}
