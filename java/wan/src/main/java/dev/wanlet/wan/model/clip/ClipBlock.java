// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.Linear;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;

/**
 * One block of the tower: attention of all tokens to all, then a feed-forward network, each behind
 * a norm. A view of its weights; confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/clip.py, AttentionBlock and SelfAttention.
 */
final class ClipBlock {
  private final ClipConfig config;
  private final WeightSet weights;
  private final Taps taps;

  ClipBlock(ClipConfig config, WeightSet weights, Taps taps) {
    this.config = config;
    this.weights = weights;
    this.taps = taps;
  }

  /** The block's weights, with names relative to it. */
  static WeightLayout layout(ClipConfig c, TypePolicy types) {
    WeightLayout.Builder b = WeightLayout.builder(types);
    b.f32("norm1.weight", c.dim()).f32("norm1.bias", c.dim());
    for (String part : new String[] {"q", "k", "v", "proj"}) {
      b.linear("attn." + part, c.dim(), c.dim());
    }
    b.f32("norm2.weight", c.dim()).f32("norm2.bias", c.dim());
    return b.linear("mlp.0", c.mlpDim(), c.dim()).linear("mlp.2", c.dim(), c.mlpDim()).build();
  }

  /** Adds the block to a graph; it overwrites the residual stream x [tokens, dim], placed. */
  void forward(GraphBuilder g, Tensor x) {
    Tensor h = norm(g, x, "norm1");
    Tensor q = g.permute(heads(g, linear("attn.q").forward(g, h)), 1, 0, 2);
    Tensor k = g.permute(heads(g, linear("attn.k").forward(g, h)), 1, 0, 2);
    Tensor v = g.contiguous(g.permute(heads(g, linear("attn.v").forward(g, h)), 1, 2, 0));
    float scale = (float) (1 / Math.sqrt(config.headDim()));
    Tensor scores = g.softMax(g.matmul(k, q), null, scale);
    Tensor attended = g.contiguous(g.permute(g.matmul(v, scores), 1, 0, 2));
    Tensor y = linear("attn.proj").forward(g, g.reshape(attended, x.dim(0), config.dim()));
    taps.tap(g, y, ".attn");
    x = g.addInPlace(x, y);

    h = linear("mlp.0").forward(g, norm(g, x, "norm2"));
    y = linear("mlp.2").forward(g, g.geluErf(h));
    taps.tap(g, y, ".mlp");
    x = g.addInPlace(x, y);
    g.run(x);
    taps.tap(g, x, "");
  }

  /** [tokens, dim] as [tokens, H, headDim]. */
  private Tensor heads(GraphBuilder g, Tensor x) {
    return g.reshape(x, x.dim(0), config.heads(), config.headDim());
  }

  private Tensor norm(GraphBuilder g, Tensor x, String name) {
    return Norms.layerNorm(
        g, x, weights.get(name + ".weight"), weights.get(name + ".bias"), ClipConfig.EPS);
  }

  private Linear linear(String name) {
    return new Linear(weights, name);
  }
}
