// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.nn.BlockWeights;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.ResidentBlocks;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.WeightSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Owner: the umT5 encoder, which turns token ids into the context of the transformer. Only real
 * tokens are computed; masking padding out would give them the same values. Token rows are gathered
 * on the host, blocks run one after the other, so that they can stream through the device, and all
 * prompts of a call go through a block while it is there.
 *
 * <p>Owns its weights; backend and token table must outlive it. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/t5.py, T5Encoder.
 */
public final class Umt5Encoder implements AutoCloseable {
  private final Backend backend;
  private final Umt5Config config;
  private final TokenEmbedding embedding;
  private final BlockWeights blocks;
  private final WeightSet outer;
  private final Precision precision;

  /**
   * Takes over weights that are made already.
   *
   * @param blocks of the {@linkplain #blockLayouts layouts} of this configuration; closed with this
   * @param outer of the {@linkplain #outerLayout outer layout}; closed with this
   */
  public Umt5Encoder(
      Backend backend,
      Umt5Config config,
      TokenEmbedding embedding,
      BlockWeights blocks,
      WeightSet outer,
      Precision precision) {
    if (blocks.count() != config.numLayers()
        || embedding.dim() != config.dim()
        || embedding.vocab() != config.vocab()) {
      throw new IllegalArgumentException(
          String.format(
              "umT5 of %d blocks and a [%d, %d] token table, given %d blocks and [%d, %d]",
              config.numLayers(),
              config.vocab(),
              config.dim(),
              blocks.count(),
              embedding.vocab(),
              embedding.dim()));
    }
    this.backend = backend;
    this.config = config;
    this.embedding = embedding;
    this.blocks = blocks;
    this.outer = outer;
    this.precision = precision;
  }

  /**
   * Loads an encoder with all blocks on the device.
   *
   * @param reader of the whole checkpoint, with official names
   * @throws IOException if a weight is missing or cannot be read
   * @throws dev.wanlet.ggml.DeviceMemoryException if device or budget has not that much
   */
  public static Umt5Encoder loadResident(
      Backend backend,
      Umt5Config config,
      TokenEmbedding embedding,
      WeightReader reader,
      TypePolicy types,
      Precision precision)
      throws IOException {
    WeightSet outer = WeightSet.load(backend, outerLayout(config, types), reader);
    try {
      BlockWeights blocks =
          new ResidentBlocks(
              backend, blockLayouts(config, types), i -> reader.under(blockPrefix(i)));
      return new Umt5Encoder(backend, config, embedding, blocks, outer, precision);
    } catch (IOException | RuntimeException e) {
      outer.close();
      throw e;
    }
  }

  /** What stands before the names of a block's weights: {@code blocks.N.}. */
  public static String blockPrefix(int block) {
    return "blocks." + block + ".";
  }

  /** The layout of each block, with names relative to it. */
  public static List<WeightLayout> blockLayouts(Umt5Config config, TypePolicy types) {
    List<WeightLayout> layouts = new ArrayList<>();
    for (int i = 0; i < config.numLayers(); i++) {
      layouts.add(Umt5Block.layout(config, types.under(blockPrefix(i))));
    }
    return List.copyOf(layouts);
  }

  /** The weights outside the blocks that go to the device; the token table does not. */
  public static WeightLayout outerLayout(Umt5Config config, TypePolicy types) {
    return WeightLayout.builder(types).f32("norm.weight", config.dim()).build();
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
      return batch.run(blocks, outer);
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
      return batch.run(blocks, outer).get(0);
    }
  }

  private float[] embed(int[] ids) {
    if (ids.length == 0) {
      throw new IllegalArgumentException("a prompt without tokens; the end token is always there");
    }
    return embedding.rows(ids);
  }

  @Override
  public void close() {
    blocks.close();
    outer.close();
  }
}
