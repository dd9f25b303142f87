// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;

/**
 * The names under which umT5 encoders are published: the official Wan checkpoint's, those of
 * Hugging Face (also Comfy-Org's files) and those of llama.cpp's GGUF files. Stateless,
 * thread-safe.
 *
 * <p>Source: Wan2.1 wan/modules/t5.py; llama.cpp gguf-py/gguf/tensor_mapping.py.
 */
public final class Umt5Names {
  private static final String POSITION_BIAS = ".pos_embedding.embedding.weight";
  private static final NameRules HUGGING_FACE = huggingFace();
  private static final NameRules LLAMA_CPP = llamaCpp();
  private static final NameRules TO_LLAMA_CPP = LLAMA_CPP.inverse();

  private Umt5Names() {}

  /**
   * The source under the official names, without a translation model's decoder. The result owns the
   * source.
   *
   * @throws WeightFormatException if two tensors get the same name
   */
  public static WeightSource official(WeightSource source) throws WeightFormatException {
    // Hugging Face stores the one table under two names in some files.
    boolean twice =
        source.find("shared.weight").isPresent()
            && source.find("encoder.embed_tokens.weight").isPresent();
    WeightSource single =
        twice ? source.filtered(name -> !name.equals("encoder.embed_tokens.weight")) : source;
    return LLAMA_CPP.apply(HUGGING_FACE.apply(single));
  }

  /**
   * Refuses T5, whose tensors have the same names but whose first block has the one position bias.
   *
   * @param source under official names
   * @throws WeightFormatException if the source is T5
   */
  static void refuseT5(WeightSource source) throws WeightFormatException {
    boolean blocks = source.find("blocks.1.attn.q.weight").isPresent();
    if (blocks
        && source.find("blocks.0" + POSITION_BIAS).isPresent()
        && source.find("blocks.1" + POSITION_BIAS).isEmpty()) {
      throw new WeightFormatException(
          source.files().get(0),
          "this is T5, as for Flux or SD3, not umT5: only its first block has a relative position"
              + " bias. Wan's text encoder is umT5-XXL");
    }
  }

  /** The official name of one tensor in Hugging Face's or llama.cpp's naming. */
  static String official(String name) {
    return LLAMA_CPP.rename(HUGGING_FACE.rename(name));
  }

  /** The name llama.cpp's converter gives to a tensor of that official name. */
  public static String llamaCpp(String official) {
    return TO_LLAMA_CPP.rename(official);
  }

  private static NameRules huggingFace() {
    NameRules.Builder b = NameRules.builder();
    b.rename("shared", "token_embedding").rename("encoder.embed_tokens", "token_embedding");
    b.rename("encoder.final_layer_norm", "norm");
    String layer = "encoder.block.*.layer.";
    for (String part : new String[] {"q", "k", "v", "o"}) {
      b.rename(layer + "0.SelfAttention." + part, "blocks.*.attn." + part);
    }
    b.rename(layer + "0.SelfAttention.relative_attention_bias", "blocks.*.pos_embedding.embedding");
    b.rename(layer + "0.layer_norm", "blocks.*.norm1");
    b.rename(layer + "1.layer_norm", "blocks.*.norm2");
    b.rename(layer + "1.DenseReluDense.wi_0", "blocks.*.ffn.gate.0");
    b.rename(layer + "1.DenseReluDense.wi_1", "blocks.*.ffn.fc1");
    b.rename(layer + "1.DenseReluDense.wo", "blocks.*.ffn.fc2");
    return b.drop("decoder").drop("lm_head").build();
  }

  private static NameRules llamaCpp() {
    NameRules.Builder b = NameRules.builder();
    b.rename("token_embd", "token_embedding").rename("enc.output_norm", "norm");
    for (String part : new String[] {"q", "k", "v", "o"}) {
      b.rename("enc.blk.*.attn_" + part, "blocks.*.attn." + part);
    }
    b.rename("enc.blk.*.attn_rel_b", "blocks.*.pos_embedding.embedding");
    b.rename("enc.blk.*.attn_norm", "blocks.*.norm1")
        .rename("enc.blk.*.ffn_norm", "blocks.*.norm2");
    b.rename("enc.blk.*.ffn_gate", "blocks.*.ffn.gate.0");
    b.rename("enc.blk.*.ffn_up", "blocks.*.ffn.fc1");
    b.rename("enc.blk.*.ffn_down", "blocks.*.ffn.fc2");
    return b.drop("dec").drop("output").build();
  }
}
