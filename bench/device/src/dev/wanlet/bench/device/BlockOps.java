// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Activations;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RotaryEmbedding3d;
import java.util.ArrayList;
import java.util.List;

/**
 * The operations of a transformer block, as its graphs have them. Immutable.
 *
 * @param dim channels
 * @param ffn channels of the feed-forward's hidden layer
 * @param rows tokens of a chunk
 * @param keys tokens that self-attention looks at
 * @param text tokens of the prompt
 */
record BlockOps(long dim, long ffn, long rows, long keys, long text) {
  static final int HEAD_DIM = 128;

  /** Rounding only: elementwise arithmetic, and sums of a row in F32. */
  static final double EXACT = 1e-7;

  /** Sums of products in another order, of values rounded to other types on the way. */
  static final double SUMS = 5e-4;

  /** The CPU looks GELU up in a table of F16. */
  private static final double GELU_TABLE = 1e-5;

  private static final float EPS = 1e-6f;

  private long heads() {
    return dim / HEAD_DIM;
  }

  private Operand x() {
    return Operand.f32(rows, dim);
  }

  /** Norms, modulation, rotary embedding, residuals, activation. */
  List<OpCase> elementwise() {
    Operand row = Operand.f32(dim);
    Operand places = Operand.positions(rows);
    return List.of(
        new OpCase("norm", EXACT, 0, List.of(x()), (g, t) -> g.norm(t.get(0), EPS)),
        new OpCase(
            "modulate",
            EXACT,
            0,
            List.of(x(), row, row),
            (g, t) -> g.add(g.mul(t.get(0), g.scale(t.get(1), 1f, 1f)), t.get(2))),
        new OpCase(
            "layer norm with affine",
            EXACT,
            0,
            List.of(x(), row, row),
            (g, t) -> Norms.layerNorm(g, t.get(0), t.get(1), t.get(2), EPS)),
        new OpCase(
            "rms norm",
            EXACT,
            0,
            List.of(x(), row),
            (g, t) -> Norms.rmsNorm(g, t.get(0), t.get(1), EPS)),
        new OpCase(
            "rotary embedding",
            EXACT,
            0,
            List.of(Operand.f32(rows, heads(), HEAD_DIM), places, places, places),
            (g, t) ->
                RotaryEmbedding3d.apply(g, g.duplicate(t.get(0)), t.get(1), t.get(2), t.get(3))),
        new OpCase(
            "keys by head in F16",
            SUMS,
            0,
            List.of(Operand.f32(rows, heads(), HEAD_DIM)),
            (g, t) -> g.cast(g.cast(g.permute(t.get(0), 1, 0, 2), TensorType.F16), TensorType.F32)),
        new OpCase(
            "gelu",
            GELU_TABLE,
            0,
            List.of(Operand.f32(rows, ffn)),
            (g, t) -> Activations.geluTanh(g, t.get(0), Precision.AUTO)),
        new OpCase(
            "gated residual",
            EXACT,
            0,
            List.of(x(), x(), row),
            (g, t) -> g.add(t.get(0), g.mul(t.get(1), t.get(2)))),
        new OpCase("residual", EXACT, 0, List.of(x(), x()), (g, t) -> g.add(t.get(0), t.get(1))));
  }

  /** Self-attention and cross-attention, with keys and values of a type. */
  List<OpCase> attention(TensorType type) {
    OpCase self = attention("self-attention, " + type, keys, type, false);
    OpCase cross = attention("cross-attention with mask, " + type, text, type, true);
    return List.of(self, cross);
  }

  private OpCase attention(String name, long length, TensorType type, boolean masked) {
    List<Operand> operands =
        new ArrayList<>(
            List.of(
                Operand.f32(rows, heads(), HEAD_DIM),
                Operand.of(type, heads(), length, HEAD_DIM),
                Operand.of(type, heads(), length, HEAD_DIM)));
    if (masked) {
      operands.add(Operand.of(TensorType.F16, rows, length));
    }
    return new OpCase(
        name,
        SUMS,
        4.0 * rows * length * dim,
        operands,
        (g, t) -> attend(g, t.get(0), t.get(1), t.get(2), masked ? t.get(3) : null));
  }

  /** Attention as the blocks build it: q [rows, heads, 128], k and v [heads, length, 128]. */
  static Tensor attend(GraphBuilder g, Tensor q, Tensor k, Tensor v, Tensor mask) {
    float scale = (float) (1 / Math.sqrt(HEAD_DIM));
    return g.flashAttention(g.permute(q, 1, 0, 2), k, v, mask, scale);
  }

  /** The products, with weights of a type: q, k, v, o and cross-attention's q, o; both of ffn. */
  List<OpCase> products(TensorType type) {
    return List.of(
        product("q, k, v, o", type, dim, dim),
        product("ffn.0", type, ffn, dim),
        product("ffn.2", type, dim, ffn));
  }

  private OpCase product(String name, TensorType type, long outputs, long inputs) {
    return new OpCase(
        "product " + name + ", " + type,
        SUMS,
        2.0 * rows * outputs * inputs,
        List.of(Operand.weight(type, outputs, inputs), Operand.f32(rows, inputs)),
        (g, t) -> g.matmul(t.get(0), t.get(1)));
  }
}
