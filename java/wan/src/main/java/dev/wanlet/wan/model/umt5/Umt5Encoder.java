// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Owner: the umT5 encoder, which turns token ids into the context of the transformer. Only real
 * tokens are computed; masking padding out would give them the same values. Token rows are gathered
 * on the host, blocks run one after the other, so that they can stream through the device, and all
 * prompts of a call go through a block while it is there.
 *
 * <p>Owns its weights; backend and checkpoint must outlive it. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/t5.py, T5Encoder.
 */
public final class Umt5Encoder implements AutoCloseable {
  private final Backend backend;
  private final Umt5Config config;
  private final TokenEmbedding embedding;
  private final NetworkWeights weights;
  private final Precision precision;

  private Umt5Encoder(
      Backend backend,
      Umt5Config config,
      TokenEmbedding embedding,
      NetworkWeights weights,
      Precision precision) {
    this.backend = backend;
    this.config = config;
    this.embedding = embedding;
    this.weights = weights;
    this.precision = precision;
  }

  /**
   * Loads an encoder from a checkpoint, which must outlive it as must the backend.
   *
   * @param source with official names
   * @param placement as in {@link NetworkWeights#open(Backend, WeightSource, Precision, Function,
   *     IntFunction)}, as are the exceptions
   */
  public static Umt5Encoder open(
      Backend backend,
      WeightSource source,
      Umt5Config config,
      Precision precision,
      IntFunction<Placement> placement)
      throws IOException {
    TokenEmbedding embedding = new TokenEmbedding(source.require("token_embedding.weight"));
    if (embedding.dim() != config.dim() || embedding.vocab() != config.vocab()) {
      throw new IllegalArgumentException(
          String.format(
              "umT5 of a [%d, %d] token table, given one of [%d, %d]",
              config.vocab(), config.dim(), embedding.vocab(), embedding.dim()));
    }
    return new Umt5Encoder(
        backend,
        config,
        embedding,
        NetworkWeights.open(backend, source, precision, t -> layout(config, t), placement),
        precision);
  }

  /** All weights that go to the device; the token table does not. */
  public static NetworkLayout layout(Umt5Config config, TypePolicy types) {
    return new NetworkLayout(
        WeightLayout.builder(types).f32("norm.weight", config.dim()).build(),
        BlockSpec.list("blocks", config.numLayers(), types, t -> Umt5Block.layout(config, t)));
  }

  public Umt5Config config() {
    return config;
  }

  /**
   * Encodes one prompt; see {@link #encode(List)}.
   *
   * @return [ids.length, dim]
   */
  public float[] encode(int[] ids) throws IOException {
    return encode(List.of(ids)).get(0);
  }

  /**
   * Encodes prompts.
   *
   * @param prompts ids of each prompt's tokens, the end token included, without padding
   * @return for each prompt its context, [tokens, dim]
   * @throws IllegalArgumentException if a prompt has no token or an id is not in the vocabulary
   * @throws IOException if weights cannot be read
   * @throws dev.wanlet.ggml.DeviceMemoryException if device or budget has not the memory; this
   *     object stays usable
   * @throws dev.wanlet.ggml.GgmlException with {@code ABORTED} if the backend was asked to stop
   */
  public List<float[]> encode(List<int[]> prompts) throws IOException {
    try (Umt5Batch batch = new Umt5Batch(backend, config, precision, Taps.NONE)) {
      for (int[] ids : prompts) {
        batch.add(embed(ids), ids.length);
      }
      return batch.run(weights);
    }
  }

  /**
   * Encodes one prompt of which only the first tokens are attended to, and collects intermediate
   * results: {@code token_embedding}, {@code block.N}, {@code block.N.pos_bias}, {@code
   * block.N.attn}, {@code block.N.ffn} (those of blocks for prompts of one chunk only), {@code
   * before_final_norm}, {@code output}.
   *
   * @param ids tokens, padding included
   * @param keys how many of them are real
   * @return [ids.length, dim]
   */
  public float[] encode(int[] ids, int keys, Taps taps) throws IOException {
    if (keys < 1 || keys > ids.length) {
      throw new IllegalArgumentException(keys + " real tokens of " + ids.length);
    }
    float[] embedded = embed(ids);
    taps.under("").accept("token_embedding", Shape.of(ids.length, config.dim()), embedded.clone());
    try (Umt5Batch batch = new Umt5Batch(backend, config, precision, taps)) {
      batch.add(embedded, keys);
      return batch.run(weights).get(0);
    }
  }

  private float[] embed(int[] ids) throws IOException {
    if (ids.length == 0) {
      throw new IllegalArgumentException("a prompt without tokens; the end token is always there");
    }
    return embedding.rows(ids);
  }

  @Override
  public void close() {
    weights.close();
  }
}
