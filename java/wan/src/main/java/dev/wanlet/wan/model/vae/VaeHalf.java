// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The description of an encoder or a decoder: its layers in the order that a frame passes through
 * them. The network, its memory plan and the list of a checkpoint's tensors all follow it.
 * Immutable.
 *
 * @param name {@code encoder} or {@code decoder}, which the names of its layers begin with
 * @param entry takes frames from the host
 * @param layers from the entry to the head
 * @param head hands frames to the host
 * @param posterior the product behind an encoder's head, which makes mean and log variance of the
 *     latents; a decoder has none
 */
record VaeHalf(
    String name,
    VaeEntry.Spec entry,
    List<FrameLayer.Spec> layers,
    VaeHead.Spec head,
    Optional<ModuleSpec> posterior) {
  VaeHalf {
    layers = List.copyOf(layers);
  }

  /** What this half does: {@code encode} or {@code decode}. */
  String action() {
    return encodes() ? "encode" : "decode";
  }

  /** The name of a layer within this half: {@code middle.0}. */
  String local(String layer) {
    return layer.substring(name.length() + 1);
  }

  private boolean encodes() {
    return posterior.isPresent();
  }

  /** Rows or columns of the largest frame for each of a latent frame. */
  int spatialFactor() {
    return 1 << parts().stream().filter(l -> l.geometry() != Geometry.SAME).count();
  }

  /** Frames for each latent frame after the first. */
  int temporalFactor() {
    return 1 << parts().stream().filter(FrameLayer.Spec::isTemporal).count();
  }

  private List<FrameLayer.Spec> parts() {
    return layers.stream().flatMap(layer -> layer.parts().stream()).toList();
  }

  /** Rows or columns of the frames that go in, for {@code side} of a latent frame. */
  int entrySide(int side) {
    return encodes() ? side * spatialFactor() : side;
  }

  /** Frames that go in for each latent frame after the first. */
  int framesPerChunk() {
    return encodes() ? temporalFactor() : 1;
  }

  /** What has weights in it, in the order of the layers. */
  private List<ModuleSpec> modules() {
    List<ModuleSpec> modules = new ArrayList<>(entry.modules());
    layers.forEach(l -> modules.addAll(l.modules()));
    modules.addAll(head.modules());
    posterior.ifPresent(modules::add);
    return modules;
  }

  /** The weights as they are computed with. */
  WeightLayout layout(VaeSettings settings) {
    WeightLayout.Builder layout = WeightLayout.builder(TypePolicy.ALL_F32);
    modules().forEach(m -> m.tensors(settings).forEach(layout::add));
    return layout.build();
  }

  /** The checkpoint's names and shapes. */
  Map<String, Shape> stored() {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    modules().forEach(m -> tensors.putAll(m.stored()));
    return tensors;
  }

  /**
   * Multiplications and additions of a clip, about: those of its convolutions and of attention.
   *
   * @param frames latent frames of the clip
   */
  double flops(int latentHeight, int latentWidth, int frames) {
    double h = entrySide(latentHeight);
    double w = entrySide(latentWidth);
    double count = encodes() ? 1.0 + (frames - 1.0) * temporalFactor() : frames;
    double flops = flops(entry.modules(), h * w * count);
    for (FrameLayer.Spec layer : parts()) {
      h = layer.geometry().resized((int) h);
      w = layer.geometry().resized((int) w);
      if (layer.isTemporal()) {
        count = encodes() ? 1 + (count - 1) / 2 : 1 + (count - 1) * 2;
      }
      flops += flops(layer.modules(), h * w * count) + layer.attentionFlops(h * w) * count;
    }
    return flops + flops(head.modules(), h * w * count);
  }

  private static double flops(List<ModuleSpec> modules, double pixels) {
    return modules.stream().mapToDouble(ModuleSpec::flopsPerPixel).sum() * pixels;
  }

  /** Elements that the longest row or column of a padded frame may have. */
  long widestBorder(VaeSettings settings) {
    int side = entrySide(Math.max(settings.latentHeight(), settings.latentWidth()));
    long widest = border(side, entry.in());
    for (FrameLayer.Spec layer : parts()) {
      // A layer pads frames of the size that it takes.
      widest = Math.max(widest, border(side, Math.max(layer.in(), layer.out())));
      side = layer.geometry().resized(side);
    }
    return Math.max(widest, border(side, head.in()));
  }

  private static long border(int side, int channels) {
    return (2L + side) * channels;
  }
}
