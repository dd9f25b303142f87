// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.model.WanConfig;
import dev.wanlet.wan.model.WanNames;
import dev.wanlet.weights.WeightFiles;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a weight file is, read off the names and shapes of its tensors: official, Comfy-Org,
 * diffusers, Hugging Face and llama.cpp names alike. Immutable.
 *
 * @param path the file
 * @param part what it holds
 * @param transformer numbers of a transformer; null for other parts
 * @param width of what the parts exchange: text features for a text encoder, latent channels for a
 *     VAE, 0 for a transformer
 * @param vocabulary tokens of a text encoder, else 0
 * @param holdsTokenizer whether the file also brings the vocabulary's pieces
 */
public record WeightFileFacts(
    Path path,
    ModelPart part,
    WanConfig transformer,
    int width,
    int vocabulary,
    boolean holdsTokenizer) {

  /**
   * Opens a file and recognises it.
   *
   * @return empty if it is a weight file but no part of a Wan model, such as a LoRA
   * @throws IOException if it cannot be read
   */
  public static Optional<WeightFileFacts> read(Path path) throws IOException {
    try (WeightSource source = WeightFiles.open(path)) {
      return of(path, source);
    }
  }

  /**
   * Recognises an open file.
   *
   * @throws WeightFormatException if it is a transformer with tensors missing or misshapen
   */
  public static Optional<WeightFileFacts> of(Path path, WeightSource source)
      throws WeightFormatException {
    if (WanNames.isTransformer(source)) {
      WanConfig config = WanConfig.infer(WanNames.official(source));
      return Optional.of(new WeightFileFacts(path, ModelPart.TRANSFORMER, config, 0, 0, false));
    }
    Optional<WeightTensor> table =
        first(
            source,
            "token_embedding.weight",
            "shared.weight",
            "encoder.embed_tokens.weight",
            "token_embd.weight");
    boolean encoder =
        first(
                source,
                "blocks.0.attn.q.weight",
                "encoder.block.0.layer.0.SelfAttention.q.weight",
                "enc.blk.0.attn_q.weight")
            .isPresent();
    if (encoder && table.isPresent() && table.get().shape().rank() == 2) {
      return Optional.of(
          new WeightFileFacts(
              path,
              ModelPart.TEXT_ENCODER,
              null,
              dim(table.get(), 1),
              dim(table.get(), 0),
              source.metadata().containsKey("tokenizer.ggml.tokens")));
    }
    return first(source, "decoder.conv1.weight", "decoder.conv_in.weight")
        .filter(t -> t.shape().rank() >= 4)
        .map(t -> new WeightFileFacts(path, ModelPart.VAE, null, dim(t, 1), 0, false));
  }

  private static Optional<WeightTensor> first(WeightSource source, String... names) {
    return Stream.of(names).flatMap(name -> source.find(name).stream()).findFirst();
  }

  /** A dimension that a hostile file may lack or make too long counts as 0: it fits nothing. */
  private static int dim(WeightTensor tensor, int index) {
    long size = index < tensor.shape().rank() ? tensor.shape().dim(index) : 0;
    return size <= Integer.MAX_VALUE ? (int) size : 0;
  }
}
