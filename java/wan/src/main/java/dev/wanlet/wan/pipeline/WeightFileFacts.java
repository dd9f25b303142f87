// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.pipeline.ModelDefaults.TransformerNumbers;
import dev.wanlet.weights.WeightFiles;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a weight file is, read off the names and shapes of its tensors: official, Comfy-Org,
 * diffusers, Hugging Face and llama.cpp names alike. Immutable.
 *
 * @param path the file
 * @param part what it holds
 * @param numbers of a transformer; null for other parts
 * @param width of what the parts exchange: text features for a text encoder, latent channels for a
 *     VAE, 0 for a transformer
 * @param vocabulary tokens of a text encoder, else 0
 * @param holdsTokenizer whether the file also brings the vocabulary's pieces
 */
public record WeightFileFacts(
    Path path,
    ModelPart part,
    TransformerNumbers numbers,
    int width,
    int vocabulary,
    boolean holdsTokenizer) {

  private static final int PATCH_AREA = 4;

  /** Written before all names by programs that save a whole pipeline. */
  private static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.");

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

  /** Recognises an open file. */
  public static Optional<WeightFileFacts> of(Path path, WeightSource source) {
    Optional<WeightFileFacts> transformer =
        numbers(source).map(n -> new WeightFileFacts(path, ModelPart.TRANSFORMER, n, 0, 0, false));
    if (transformer.isPresent()) {
      return transformer;
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

  private static Optional<TransformerNumbers> numbers(WeightSource source) {
    for (String prefix : PREFIXES) {
      Optional<TransformerNumbers> numbers = numbers(source, prefix);
      if (numbers.isPresent()) {
        return numbers;
      }
    }
    return numbers(source, "");
  }

  private static Optional<TransformerNumbers> numbers(WeightSource source, String prefix) {
    WeightTensor patch = find(source, prefix, "patch_embedding.weight");
    WeightTensor text =
        find(
            source,
            prefix,
            "text_embedding.0.weight",
            "condition_embedder.text_embedder.linear_1.weight");
    WeightTensor time =
        find(
            source,
            prefix,
            "time_embedding.0.weight",
            "condition_embedder.time_embedder.linear_1.weight");
    WeightTensor ffn =
        find(source, prefix, "blocks.0.ffn.0.weight", "blocks.0.ffn.net.0.proj.weight");
    WeightTensor head = find(source, prefix, "head.head.weight", "proj_out.weight");
    if (patch == null || text == null || time == null || ffn == null || head == null) {
      return Optional.empty();
    }
    int dim = Math.max(1, dim(patch, 0));
    int inChannels = (int) Math.min(Integer.MAX_VALUE, patch.elements() / dim / PATCH_AREA);
    int outChannels = dim(head, 0) / PATCH_AREA;
    return Optional.of(
        new TransformerNumbers(
            variant(source, prefix, inChannels, outChannels),
            inChannels,
            outChannels,
            dim,
            dim(ffn, 0),
            dim(time, 1),
            dim(text, 1),
            layers(source, prefix)));
  }

  private static int layers(WeightSource source, String prefix) {
    int layers = 0;
    while (find(
            source,
            prefix,
            "blocks." + layers + ".self_attn.q.weight",
            "blocks." + layers + ".attn1.to_q.weight")
        != null) {
      layers++;
    }
    return layers;
  }

  private static String variant(
      WeightSource source, String prefix, int inChannels, int outChannels) {
    String image = "condition_embedder.image_embedder.";
    if (find(source, prefix, "vace_patch_embedding.weight") != null) {
      return "VACE";
    }
    if (find(source, prefix, "img_emb.emb_pos", image + "pos_embed") != null) {
      return "FLF2V";
    }
    if (find(source, prefix, "img_emb.proj.1.weight", image + "ff.net.0.proj.weight") != null) {
      return "I2V";
    }
    if (inChannels > outChannels) {
      return "I2V_LATENT";
    }
    return outChannels == 48 ? "TI2V" : "T2V";
  }

  private static Optional<WeightTensor> first(WeightSource source, String... names) {
    return Optional.ofNullable(find(source, "", names));
  }

  private static WeightTensor find(WeightSource source, String prefix, String... names) {
    for (String name : names) {
      Optional<WeightTensor> tensor = source.find(prefix + name);
      if (tensor.isPresent() && tensor.get().shape().rank() >= 1) {
        return tensor.get();
      }
    }
    return null;
  }

  /** A dimension that a hostile file may lack or make too long counts as 0: it fits nothing. */
  private static int dim(WeightTensor tensor, int index) {
    long size = index < tensor.shape().rank() ? tensor.shape().dim(index) : 0;
    return size <= Integer.MAX_VALUE ? (int) size : 0;
  }
}
