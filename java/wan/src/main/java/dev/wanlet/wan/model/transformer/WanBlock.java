// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static dev.wanlet.wan.model.transformer.WanConfig.EPS;
import static dev.wanlet.wan.model.transformer.WanConfig.HEAD_DIM;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Activations;
import dev.wanlet.wan.nn.Linear;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RotaryEmbedding3d;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;

/**
 * One transformer block, cut where it can be cut exactly: everything but self-attention's keys and
 * values works row by row. Pass A makes keys and values of a chunk of rows; pass B takes the same
 * chunk through the rest. A view of its weights; confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, WanAttentionBlock, WanSelfAttention,
 * WanT2VCrossAttention, WanI2VCrossAttention.
 */
final class WanBlock {
  private static final int ATTENTION_SHIFT = 0;
  private static final int ATTENTION_SCALE = 1;
  private static final int ATTENTION_GATE = 2;
  private static final int FFN_SHIFT = 3;
  private static final int FFN_SCALE = 4;
  private static final int FFN_GATE = 5;

  private final WeightSet weights;
  private final Precision precision;
  private final Taps taps;

  WanBlock(WeightSet weights, Precision precision, Taps taps) {
    this.weights = weights;
    this.precision = precision;
    this.taps = taps;
  }

  /** The block's weights, with names relative to it. */
  static WeightLayout layout(WanConfig c, TypePolicy types) {
    WeightLayout.Builder b = WeightLayout.builder(types);
    b.add(
        new TensorSpec(
            "modulation",
            TensorType.F32,
            Shape.of(6, 1, c.dim()),
            Shape.of(1, 6, c.dim()),
            TensorSpec.Transform.NONE));
    for (String attention : new String[] {"self_attn", "cross_attn"}) {
      for (String part : new String[] {"q", "k", "v", "o"}) {
        b.linear(attention + "." + part, c.dim(), c.dim());
      }
      b.f32(attention + ".norm_q.weight", c.dim()).f32(attention + ".norm_k.weight", c.dim());
    }
    if (c.variant().seesPictures()) {
      b.linear("cross_attn.k_img", c.dim(), c.dim()).linear("cross_attn.v_img", c.dim(), c.dim());
      b.f32("cross_attn.norm_k_img.weight", c.dim());
    }
    b.f32("norm3.weight", c.dim()).f32("norm3.bias", c.dim());
    b.linear("ffn.0", c.ffnDim(), c.dim()).linear("ffn.2", c.dim(), c.ffnDim());
    return b.build();
  }

  private Linear linear(String name) {
    return new Linear(weights, name);
  }

  private Tensor selfAttentionInput(GraphBuilder g, Tensor x, Modulation m) {
    return m.modulate(g.norm(x, EPS), ATTENTION_SHIFT, ATTENTION_SCALE);
  }

  /** What the timestep does in this block, for one chunk. */
  Modulation modulation(GraphBuilder g, Tensor time, Tensor rowTimesteps) {
    return new Modulation(g, time, weights.get("modulation"), rowTimesteps);
  }

  /**
   * Pass A: self-attention's keys and values of a chunk.
   *
   * @param x [rows, D], F32
   * @param keys where they go: [H, rows, 128], F32 or F16
   * @param values likewise
   */
  void keysAndValues(
      GraphBuilder g, Tensor x, Modulation m, Positions positions, Tensor keys, Tensor values) {
    Tensor h = selfAttentionInput(g, x, m);
    Tensor k = linear("self_attn.k").forward(g, h);
    k = heads(g, Norms.rmsNorm(g, k, weights.get("self_attn.norm_k.weight"), EPS));
    k = positions.rotate(g, k);
    taps.tap(g, k, "self_attn.k_rope");
    g.run(g.copy(g.permute(k, 1, 0, 2), keys));
    Tensor v = heads(g, linear("self_attn.v").forward(g, h));
    g.run(g.copy(g.permute(v, 1, 0, 2), values));
  }

  /**
   * Pass B: attention, cross-attention and feed-forward of a chunk.
   *
   * @param x [rows, D], F32; not overwritten
   * @param keys of all rows, [H, L, 128]
   * @param values likewise
   * @param text the prompt's keys and values of this block
   * @param negative likewise of the prompt that attention guidance leads away from; null without
   * @param pictures likewise of the pictures; null if the model sees none
   * @return the block's output for the chunk, [rows, D]
   */
  Tensor rest(
      GraphBuilder g,
      Tensor x,
      Modulation m,
      Positions positions,
      Tensor keys,
      Tensor values,
      TextKeys text,
      Negative negative,
      TextKeys pictures) {
    Tensor h = selfAttentionInput(g, x, m);
    taps.tap(g, h, "self_attn.input");
    Tensor q = linear("self_attn.q").forward(g, h);
    q = Norms.rmsNorm(g, q, weights.get("self_attn.norm_q.weight"), EPS);
    taps.tap(g, q, "self_attn.norm_q");
    q = positions.rotate(g, heads(g, q));
    taps.tap(g, q, "self_attn.q_rope");
    Tensor attended = attention(g, q, keys, values, null);
    taps.tap(g, attended, "self_attn.attention");
    Tensor y = linear("self_attn.o").forward(g, rows(g, attended));
    taps.tap(g, y, "self_attn.output");
    x = m.gatedResidual(x, y, ATTENTION_GATE);

    h = Norms.layerNorm(g, x, weights.get("norm3.weight"), weights.get("norm3.bias"), EPS);
    taps.tap(g, h, "norm3");
    q = linear("cross_attn.q").forward(g, h);
    q = heads(g, Norms.rmsNorm(g, q, weights.get("cross_attn.norm_q.weight"), EPS));
    attended = attention(g, q, text);
    if (negative != null) {
      Tensor away = rows(g, attention(g, q, negative.text()));
      attended = heads(g, negative.guidance().apply(g, rows(g, attended), away));
    }
    if (pictures != null) {
      Tensor seen = attention(g, q, pictures);
      attended = g.addInPlace(attended, seen);
    }
    taps.tap(g, attended, "cross_attn.attention");
    y = linear("cross_attn.o").forward(g, rows(g, attended));
    taps.tap(g, y, "cross_attn.output");
    x = g.add(x, y);

    h = m.modulate(g.norm(x, EPS), FFN_SHIFT, FFN_SCALE);
    taps.tap(g, h, "ffn.input");
    h = Activations.geluTanh(g, linear("ffn.0").forward(g, h), precision);
    taps.tap(g, h, "ffn.hidden");
    y = linear("ffn.2").forward(g, h);
    taps.tap(g, y, "ffn.output");
    return m.gatedResidual(x, y, FFN_GATE);
  }

  /**
   * The prompt's keys and values in this block.
   *
   * @param context embedded prompt [N, D], F32
   * @param keys where they go: [H, N + copies, 128]
   * @param copies how often the last row, which stands for the padding, is repeated behind itself
   */
  void textKeysAndValues(GraphBuilder g, Tensor context, Tensor keys, Tensor values, int copies) {
    Tensor k = linear("cross_attn.k").forward(g, context);
    k = Norms.rmsNorm(g, k, weights.get("cross_attn.norm_k.weight"), EPS);
    Tensor v = linear("cross_attn.v").forward(g, context);
    store(g, heads(g, k), keys, copies);
    store(g, heads(g, v), values, copies);
  }

  /**
   * The pictures' keys and values in this block.
   *
   * @param context embedded features [N, D], F32
   * @param keys where they go: [H, N, 128]
   */
  void pictureKeysAndValues(GraphBuilder g, Tensor context, Tensor keys, Tensor values) {
    Tensor k = linear("cross_attn.k_img").forward(g, context);
    k = Norms.rmsNorm(g, k, weights.get("cross_attn.norm_k_img.weight"), EPS);
    store(g, heads(g, k), keys, 0);
    store(g, heads(g, linear("cross_attn.v_img").forward(g, context)), values, 0);
  }

  private static void store(GraphBuilder g, Tensor from, Tensor to, int copies) {
    long n = from.dim(0);
    Tensor byHead = g.permute(from, 1, 0, 2);
    g.run(g.copy(byHead, g.slice(to, 1, 0, n)));
    for (int i = 0; i < copies; i++) {
      g.run(g.copy(g.slice(byHead, 1, n - 1, n), g.slice(to, 1, n + i, n + i + 1)));
    }
  }

  /** [rows, D] as [rows, H, 128]. */
  private static Tensor heads(GraphBuilder g, Tensor x) {
    return g.reshape(x, x.dim(0), x.dim(1) / HEAD_DIM, HEAD_DIM);
  }

  /** [rows, H, 128] as [rows, D]. */
  private static Tensor rows(GraphBuilder g, Tensor x) {
    return g.reshape(x, x.dim(0), x.dim(1) * HEAD_DIM);
  }

  private static Tensor attention(GraphBuilder g, Tensor q, TextKeys text) {
    return attention(g, q, text.keys(), text.values(), text.mask());
  }

  private static Tensor attention(GraphBuilder g, Tensor q, Tensor k, Tensor v, Tensor mask) {
    float scale = (float) (1 / Math.sqrt(HEAD_DIM));
    return g.flashAttention(g.permute(q, 1, 0, 2), k, v, mask, scale);
  }

  /**
   * The prompt's side of cross-attention in one block, or that of the pictures.
   *
   * @param keys [H, N, 128]
   * @param values [H, N, 128]
   * @param mask [rows, N], F16: log of how many rows each key stands for; null if each stands for
   *     one
   */
  record TextKeys(Tensor keys, Tensor values, Tensor mask) {}

  /** The prompt that attention guidance leads away from. */
  record Negative(TextKeys text, AttentionGuidance guidance) {}

  /** The grid positions of a chunk's rows, three of [rows], I32. */
  record Positions(Tensor frame, Tensor row, Tensor column) {
    Tensor rotate(GraphBuilder g, Tensor x) {
      return RotaryEmbedding3d.apply(g, x, frame, row, column);
    }
  }
}
