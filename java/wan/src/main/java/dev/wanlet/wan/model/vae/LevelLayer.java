// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The layers of one resolution, and what goes around them. Confined to one thread.
 *
 * <p>Source: Wan2.2 wan/modules/vae2_2.py, {@code Down_ResidualBlock} and {@code Up_ResidualBlock}.
 */
final class LevelLayer implements FrameLayer {
  private final FrameEngine engine;
  private final ResidualLayer first;
  private final List<FrameLayer> others = new ArrayList<>();
  private final AveragedShortcut averaged;
  private final DuplicatedShortcut duplicated;

  /**
   * @param height of the frames it takes, like the width
   */
  LevelLayer(FrameEngine engine, LevelSpec spec, int height, int width) {
    this.engine = engine;
    this.first = (ResidualLayer) spec.blocks().get(0).open(engine, height, width);
    for (FrameLayer.Spec part : spec.parts().subList(1, spec.parts().size())) {
      others.add(part.open(engine, height, width));
    }
    boolean halves = spec.geometry() == Geometry.HALVED;
    this.averaged = spec.hasShortcut() && halves ? new AveragedShortcut(engine, spec) : null;
    this.duplicated = spec.hasShortcut() && !halves ? new DuplicatedShortcut(engine, spec) : null;
  }

  @Override
  public void push(Frame x, Consumer<Frame> next) {
    if (duplicated != null) {
      Frame y = first.beside(x);
      push(
          0,
          y,
          z -> {
            duplicated.add(x, z);
            next.accept(z);
          });
      x.release(engine);
      return;
    }
    if (averaged != null) {
      averaged.see(x);
    }
    first.push(
        x,
        y ->
            push(
                0,
                y,
                z -> {
                  if (averaged != null) {
                    averaged.add(z);
                  }
                  next.accept(z);
                }));
  }

  private void push(int layer, Frame x, Consumer<Frame> next) {
    if (layer == others.size()) {
      next.accept(x);
    } else {
      others.get(layer).push(x, y -> push(layer + 1, y, next));
    }
  }

  @Override
  public void reset() {
    first.reset();
    others.forEach(FrameLayer::reset);
    if (averaged != null) {
      averaged.reset();
    }
  }
}
