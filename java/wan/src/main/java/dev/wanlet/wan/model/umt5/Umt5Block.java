// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Activations;
import dev.wanlet.wan.nn.Linear;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;
import java.util.List;

/**
 * One umT5 block: attention with a learned bias per distance and head and without scaling, then a
 * gated feed-forward network. Keys and values are made of all rows at once, everything else in
 * chunks of rows, so that scores and hidden layer exist for one chunk at a time. A view of its
 * weights; confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/t5.py, T5SelfAttention, T5Attention, T5FeedForward.
 */
final class Umt5Block {
  /** Rows of a chunk; a shorter rest joins the chunk before it. */
  static final int CHUNK_ROWS = 128;

  private static final int NODES_BEFORE_CHUNKS = 32;
  private static final int NODES_PER_CHUNK = 64;

  private final Umt5Config config;
  private final WeightSet weights;
  private final Precision precision;
  private final Taps taps;

  Umt5Block(Umt5Config config, WeightSet weights, Precision precision, Taps taps) {
    this.config = config;
    this.weights = weights;
    this.precision = precision;
    this.taps = taps;
  }

  /** The block's weights, with names relative to it. */
  static WeightLayout layout(Umt5Config c, TypePolicy types) {
    String output = "ffn.fc2.weight";
    TensorType outputType = types.matrixType(output, c.dim(), c.dimFfn());
    return WeightLayout.builder(types)
        .f32("norm1.weight", c.dim())
        .matrix("attn.q.weight", c.dimAttn(), c.dim())
        .matrix("attn.k.weight", c.dimAttn(), c.dim())
        .matrix("attn.v.weight", c.dimAttn(), c.dim())
        .matrix("attn.o.weight", c.dim(), c.dimAttn())
        .f32("pos_embedding.embedding.weight", c.numBuckets(), c.numHeads())
        .f32("norm2.weight", c.dim())
        .matrix("ffn.gate.0.weight", c.dimFfn(), c.dim())
        .matrix("ffn.fc1.weight", c.dimFfn(), c.dim())
        .add(TensorSpec.of(output, wide(outputType), c.dim(), c.dimFfn()))
        .build();
  }

  // Half-precision weights make the CPU round activations likewise, and the gated hidden layer
  // passes 65504 in umT5-XXL.
  private static TensorType wide(TensorType type) {
    return type == TensorType.F16 ? TensorType.F32 : type;
  }

  private static List<RowChunks.Chunk> chunks(int rows) {
    return new RowChunks(rows, CHUNK_ROWS).chunks();
  }

  /** Room that the graph of a block for this many rows needs in an arena. */
  static int graphNodes(int rows) {
    return NODES_BEFORE_CHUNKS + NODES_PER_CHUNK * chunks(rows).size();
  }

  /**
   * Adds the block to a graph; it overwrites the residual stream with its output.
   *
   * @param x residual stream [L, dim], F32, placed
   * @param buckets class of the distance of each query and key, [L * keys], I32, placed
   * @param keys rows that are attended to, from the first on
   */
  void forward(GraphBuilder g, Tensor x, Tensor buckets, int keys) {
    Tensor h = norm(g, g.slice(x, 0, 0, keys), "norm1");
    Tensor k = g.permute(heads(g, linear("attn.k").forward(g, h)), 1, 0, 2);
    Tensor v = g.contiguous(g.permute(heads(g, linear("attn.v").forward(g, h)), 1, 2, 0));

    List<RowChunks.Chunk> chunks = chunks(Math.toIntExact(x.dim(0)));
    for (RowChunks.Chunk c : chunks) {
      // Taps are of whole tensors: only a prompt that is one chunk has them.
      Taps chunkTaps = chunks.size() == 1 ? taps : Taps.NONE;
      long first = (long) c.start() * keys;
      Tensor chunkBuckets = g.slice(buckets, 0, first, first + (long) c.size() * keys);
      chunk(g, g.slice(x, 0, c.start(), c.end()), chunkBuckets, k, v, chunkTaps);
    }
  }

  private void chunk(GraphBuilder g, Tensor x, Tensor buckets, Tensor k, Tensor v, Taps chunkTaps) {
    long rows = x.dim(0);
    Tensor h = norm(g, x, "norm1");
    Tensor q = g.permute(heads(g, linear("attn.q").forward(g, h)), 1, 0, 2);
    Tensor bias = positionBias(g, buckets, rows, k.dim(1));
    chunkTaps.tap(g, bias, ".pos_bias");
    Tensor scores = g.softMax(g.matmul(k, q), bias, 1f);
    Tensor attended = g.contiguous(g.permute(g.matmul(v, scores), 1, 0, 2));
    Tensor y = linear("attn.o").forward(g, g.reshape(attended, rows, config.dimAttn()));
    chunkTaps.tap(g, y, ".attn");
    x = g.addInPlace(x, y);

    h = norm(g, x, "norm2");
    Tensor gate = Activations.geluTanh(g, linear("ffn.gate.0").forward(g, h), precision);
    y = linear("ffn.fc2").forward(g, g.mul(linear("ffn.fc1").forward(g, h), gate));
    chunkTaps.tap(g, y, ".ffn");
    x = g.addInPlace(x, y);
    g.run(x);
    chunkTaps.tap(g, x, "");
  }

  /** The learned bias of each head, query and key: [H, rows, keys]. */
  private Tensor positionBias(GraphBuilder g, Tensor buckets, long rows, long keys) {
    Tensor table = weights.get("pos_embedding.embedding.weight");
    Tensor perPair = g.reshape(g.getRows(table, buckets), rows, keys, config.numHeads());
    return g.contiguous(g.permute(perPair, 2, 0, 1));
  }

  /** [rows, dimAttn] as [rows, H, headDim]. */
  private Tensor heads(GraphBuilder g, Tensor x) {
    return g.reshape(x, x.dim(0), config.numHeads(), config.headDim());
  }

  private Tensor norm(GraphBuilder g, Tensor x, String name) {
    return Norms.rmsNorm(g, x, weights.get(name + ".weight"), config.eps());
  }

  private Linear linear(String name) {
    return new Linear(weights, name);
  }
}
