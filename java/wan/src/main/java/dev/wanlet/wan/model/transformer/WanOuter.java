// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static dev.wanlet.wan.model.transformer.WanConfig.EPS;
import static dev.wanlet.wan.model.transformer.WanConfig.IMAGE_EPS;
import static dev.wanlet.wan.model.transformer.WanConfig.PATCH_AREA;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Activations;
import dev.wanlet.wan.nn.Linear;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;

/**
 * The transformer's parts around its blocks: patch, timestep, text and picture embeddings, and the
 * head. A view of its weights; confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, WanModel, MLPProj and Head.
 */
final class WanOuter {
  private static final String IMAGE_POSITIONS = "img_emb.emb_pos";

  private final WeightSet weights;
  private final Precision precision;
  private final Taps taps;

  WanOuter(WeightSet weights, Precision precision, Taps taps) {
    this.weights = weights;
    this.precision = precision;
    this.taps = taps;
  }

  static WeightLayout layout(WanConfig c, TypePolicy types) {
    int patch = c.inChannels() * PATCH_AREA;
    WeightLayout.Builder b = WeightLayout.builder(types);
    b.add(
            new TensorSpec(
                "patch_embedding.weight",
                TensorType.F32,
                Shape.of(c.dim(), patch),
                Shape.of(c.dim(), c.inChannels(), 1, 2, 2),
                TensorSpec.Transform.NONE))
        .f32("patch_embedding.bias", c.dim())
        .sidePaths("patch_embedding", c.dim(), patch)
        .linear("text_embedding.0", c.dim(), c.textDim())
        .linear("text_embedding.2", c.dim(), c.dim())
        .linear("time_embedding.0", c.dim(), c.freqDim())
        .linear("time_embedding.2", c.dim(), c.dim())
        .linear("time_projection.1", 6L * c.dim(), c.dim())
        .linear("head.head", (long) c.outChannels() * PATCH_AREA, c.dim())
        .add(
            new TensorSpec(
                "head.modulation",
                TensorType.F32,
                Shape.of(2, 1, c.dim()),
                Shape.of(1, 2, c.dim()),
                TensorSpec.Transform.NONE));
    if (c.variant().seesPictures()) {
      addImageEmbedding(b, c);
    }
    if (c.controlBlocks() > 0) {
      WanControl.addOuter(b, c);
    }
    return b.build();
  }

  private static void addImageEmbedding(WeightLayout.Builder b, WanConfig c) {
    b.f32("img_emb.proj.0.weight", c.imageDim()).f32("img_emb.proj.0.bias", c.imageDim());
    b.linear("img_emb.proj.1", c.imageDim(), c.imageDim());
    b.linear("img_emb.proj.3", c.dim(), c.imageDim());
    b.f32("img_emb.proj.4.weight", c.dim()).f32("img_emb.proj.4.bias", c.dim());
    if (c.variant() == WanVariant.FLF2V) {
      b.add(
          new TensorSpec(
              IMAGE_POSITIONS,
              TensorType.F32,
              Shape.of(c.imageTokens(), c.imageDim()),
              Shape.of(1, c.imageTokens(), c.imageDim()),
              TensorSpec.Transform.NONE));
    }
  }

  private Linear linear(String name) {
    return new Linear(weights, name);
  }

  /** Patches [rows, C*4] to tokens [rows, D]. */
  Tensor embedPatches(GraphBuilder g, Tensor patches) {
    return linear("patch_embedding").forward(g, patches);
  }

  /**
   * Embeds timesteps.
   *
   * @param features sinusoidal features [K, freqDim], F32
   * @param embedding where e goes: [1, K, D]
   * @param projection where e0 goes: [6, K, D]
   */
  void embedTimesteps(GraphBuilder g, Tensor features, Tensor embedding, Tensor projection) {
    long k = features.dim(0);
    Tensor e = linear("time_embedding.0").forward(g, features);
    e = linear("time_embedding.2").forward(g, g.silu(e));
    g.run(g.copy(e, embedding));
    Tensor e0 = linear("time_projection.1").forward(g, g.silu(e));
    Tensor byTimestep = g.reshape(e0, k, 6, e.dim(1));
    g.run(g.copy(g.permute(byTimestep, 1, 0, 2), projection));
  }

  /** Text encoder output [N, textDim] to context [N, D]. */
  Tensor embedText(GraphBuilder g, Tensor text) {
    Tensor h = Activations.geluTanh(g, linear("text_embedding.0").forward(g, text), precision);
    return linear("text_embedding.2").forward(g, h);
  }

  /** CLIP's features of the pictures [N, imageDim] to context [N, D]. */
  Tensor embedPictures(GraphBuilder g, Tensor features) {
    Tensor h = features;
    if (weights.has(IMAGE_POSITIONS)) {
      h = g.add(h, weights.get(IMAGE_POSITIONS));
    }
    h = imageNorm(g, h, "img_emb.proj.0");
    h = g.geluErf(linear("img_emb.proj.1").forward(g, h));
    return imageNorm(g, linear("img_emb.proj.3").forward(g, h), "img_emb.proj.4");
  }

  private Tensor imageNorm(GraphBuilder g, Tensor x, String name) {
    return Norms.layerNorm(
        g, x, weights.get(name + ".weight"), weights.get(name + ".bias"), IMAGE_EPS);
  }

  /**
   * The head.
   *
   * @param x [rows, D]
   * @param embedding e, [1, K, D]
   * @param rowTimesteps as in {@link Modulation}
   * @return [rows, 4 * C_out]
   */
  Tensor head(GraphBuilder g, Tensor x, Tensor embedding, Tensor rowTimesteps) {
    Tensor both = g.concat(embedding, embedding, 0);
    Modulation m = new Modulation(g, both, weights.get("head.modulation"), rowTimesteps);
    Tensor y = linear("head.head").forward(g, m.modulate(g.norm(x, EPS), 0, 1));
    taps.tap(g, y, "head");
    return y;
  }
}
