// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The residual blocks of one resolution and the change to the next, with a shortcut without weights
 * around them all. Immutable.
 *
 * <p>Source: Wan2.2 wan/modules/vae2_2.py, {@code Down_ResidualBlock} and {@code Up_ResidualBlock}.
 *
 * @param blocks at least one
 * @param resample the change of resolution; empty at an end
 * @param hasShortcut whether there is a shortcut
 */
record LevelSpec(
    String name,
    List<ResidualLayer.Spec> blocks,
    Optional<ResampleSpec> resample,
    boolean hasShortcut)
    implements FrameLayer.Spec {
  LevelSpec {
    blocks = List.copyOf(blocks);
  }

  @Override
  public int in() {
    return blocks.get(0).in();
  }

  @Override
  public int out() {
    return blocks.get(blocks.size() - 1).out();
  }

  @Override
  public Geometry geometry() {
    return resample.map(ResampleSpec::geometry).orElse(Geometry.SAME);
  }

  @Override
  public boolean isTemporal() {
    return resample.filter(ResampleSpec::isTemporal).isPresent();
  }

  /** Values that a shortcut makes of one: of halved frames, the frames that are joined in one. */
  private int framesJoined() {
    return geometry() == Geometry.HALVED && isTemporal() ? 2 : 1;
  }

  /**
   * Whether the shortcut can be made: channels stay, or hold two frames joined, or two rows of each
   * channel.
   */
  boolean isKnown() {
    return switch (geometry()) {
      case HALVED -> out() == in() * framesJoined();
      case DOUBLED -> in() == out() || (in() == 2 * out() && !isTemporal());
      case SAME -> !hasShortcut || in() == out();
    };
  }

  @Override
  public List<FrameLayer.Spec> parts() {
    List<FrameLayer.Spec> parts = new ArrayList<>(blocks);
    resample.ifPresent(parts::add);
    return parts;
  }

  @Override
  public List<ModuleSpec> modules() {
    return parts().stream().flatMap(part -> part.modules().stream()).toList();
  }

  @Override
  public FrameLayer open(FrameEngine engine, int height, int width) {
    return new LevelLayer(engine, this, height, width);
  }
}
