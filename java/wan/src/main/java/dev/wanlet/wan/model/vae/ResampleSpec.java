// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.wan.model.vae.ModuleSpec.Kind;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A layer that doubles or halves the resolution and, if it is temporal, the number of frames after
 * the first. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code Resample}.
 *
 * @param geometry {@code DOUBLED} or {@code HALVED}
 */
record ResampleSpec(String name, int in, int out, Geometry geometry, boolean isTemporal)
    implements FrameLayer.Spec {
  /**
   * The layer that a checkpoint has under this name; empty if it has none.
   *
   * @throws WeightFormatException if a tensor is no kernel
   */
  static Optional<ResampleSpec> find(WeightSource source, String name, Geometry geometry)
      throws WeightFormatException {
    ResampleSpec any = new ResampleSpec(name, 1, 1, geometry, true);
    ModuleSpec kernel = any.convolution();
    Optional<ModuleSpec> found = ModuleSpec.find(source, kernel.name(), kernel.kind());
    boolean temporal = source.find(any.temporal().weight()).isPresent();
    return found.map(m -> new ResampleSpec(name, m.in(), m.out(), geometry, temporal));
  }

  ModuleSpec convolution() {
    return new ModuleSpec(name + ".resample.1", Kind.IMAGE, out, in);
  }

  /** Makes two frames' channels of one, or one frame's of two; only where it is temporal. */
  ModuleSpec temporal() {
    boolean doubles = geometry == Geometry.DOUBLED;
    return new ModuleSpec(
        name + ".time_conv", Kind.TEMPORAL, doubles ? 2 * in : out, doubles ? in : out);
  }

  @Override
  public List<ModuleSpec> modules() {
    List<ModuleSpec> modules = new ArrayList<>(List.of(convolution()));
    if (isTemporal) {
      modules.add(temporal());
    }
    return modules;
  }

  @Override
  public FrameLayer open(FrameEngine engine, int height, int width) {
    return geometry == Geometry.DOUBLED
        ? new UpsampleLayer(engine, this, height, width)
        : new DownsampleLayer(engine, this, height, width);
  }
}
