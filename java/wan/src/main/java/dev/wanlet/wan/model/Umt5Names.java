// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;

/**
 * The names under which umT5 encoders are published: the official Wan checkpoint's, those of
 * Hugging Face (also Comfy-Org's files) and those of llama.cpp's GGUF files. Stateless,
 * thread-safe.
 */
public final class Umt5Names {
  private static final String TABLE = "token_embedding";

  private static final CheckpointNames NAMES = rules();

  private Umt5Names() {}

  private static CheckpointNames rules() {
    CheckpointNames.Builder b = CheckpointNames.builder();
    b.rename("shared", TABLE).rename("encoder.embed_tokens", TABLE).rename("token_embd", TABLE);
    b.rename("encoder.final_layer_norm", "norm").rename("enc.output_norm", "norm");

    String layer = "encoder.block.*.layer.";
    for (String part : new String[] {"q", "k", "v", "o"}) {
      b.rename(layer + "0.SelfAttention." + part, "blocks.*.attn." + part);
      b.rename("enc.blk.*.attn_" + part, "blocks.*.attn." + part);
    }
    String bias = "blocks.*.pos_embedding.embedding";
    b.rename(layer + "0.SelfAttention.relative_attention_bias", bias);
    b.rename("enc.blk.*.attn_rel_b", bias);
    b.rename(layer + "0.layer_norm", "blocks.*.norm1");
    b.rename("enc.blk.*.attn_norm", "blocks.*.norm1");
    b.rename(layer + "1.layer_norm", "blocks.*.norm2");
    b.rename("enc.blk.*.ffn_norm", "blocks.*.norm2");
    b.rename(layer + "1.DenseReluDense.wi_0", "blocks.*.ffn.gate.0");
    b.rename("enc.blk.*.ffn_gate", "blocks.*.ffn.gate.0");
    b.rename(layer + "1.DenseReluDense.wi_1", "blocks.*.ffn.fc1");
    b.rename("enc.blk.*.ffn_up", "blocks.*.ffn.fc1");
    b.rename(layer + "1.DenseReluDense.wo", "blocks.*.ffn.fc2");
    b.rename("enc.blk.*.ffn_down", "blocks.*.ffn.fc2");

    // What a whole translation model has besides its encoder.
    b.drop("decoder").drop("dec").drop("lm_head").drop("output");
    return b.build();
  }

  /**
   * The source under the official names. It owns the given one.
   *
   * @throws WeightFormatException if two tensors get the same name
   */
  public static WeightSource official(WeightSource source) throws WeightFormatException {
    // Hugging Face stores the one table under two names in some files.
    boolean twice =
        source.find("shared.weight").isPresent()
            && source.find("encoder.embed_tokens.weight").isPresent();
    return NAMES.apply(
        twice ? source.filtered(name -> !name.equals("encoder.embed_tokens.weight")) : source);
  }
}
