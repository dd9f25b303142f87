// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import static dev.wanlet.wan.model.clip.ClipConfig.EPS;
import static dev.wanlet.wan.model.clip.ClipConfig.RGB;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Linear;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;

/**
 * The tower's part before its blocks. A view of its weights; confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/clip.py, VisionTransformer.forward.
 */
final class ClipOuter {
  private final WeightSet weights;
  private final Taps taps;

  ClipOuter(WeightSet weights, Taps taps) {
    this.weights = weights;
    this.taps = taps;
  }

  static WeightLayout layout(ClipConfig c, TypePolicy types) {
    return WeightLayout.builder(types)
        .add(spec("patch_embedding.weight", patchShape(c), c.dim(), RGB, c.patch(), c.patch()))
        .add(spec("cls_embedding", Shape.of(1, c.dim()), 1, 1, c.dim()))
        .add(spec("pos_embedding", Shape.of(c.tokens(), c.dim()), 1, c.tokens(), c.dim()))
        .f32("pre_norm.weight", c.dim())
        .f32("pre_norm.bias", c.dim())
        .build();
  }

  /** A convolution whose stride is its kernel is a product with patches. */
  private static Shape patchShape(ClipConfig c) {
    return Shape.of(c.dim(), (long) RGB * c.patch() * c.patch());
  }

  private static TensorSpec spec(String name, Shape shape, long... source) {
    return new TensorSpec(name, TensorType.F32, shape, Shape.of(source), TensorSpec.Transform.NONE);
  }

  /**
   * Embeds a picture.
   *
   * @param patches [grid * grid, 3 * patch * patch], F32
   * @return [tokens, dim], the row of the whole picture first
   */
  Tensor embed(GraphBuilder g, Tensor patches) {
    Tensor x = new Linear(weights, "patch_embedding").forward(g, patches);
    taps.tap(g, x, "patch_embedding");
    x = g.concat(weights.get("cls_embedding"), x, 0);
    x = g.addInPlace(x, weights.get("pos_embedding"));
    x = Norms.layerNorm(g, x, weights.get("pre_norm.weight"), weights.get("pre_norm.bias"), EPS);
    taps.tap(g, x, "pre_norm");
    return x;
  }
}
