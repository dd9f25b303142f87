// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.util.List;

/**
 * The names under which Wan transformers are published: the official checkpoint's (also Comfy-Org's
 * and city96's files, some with a prefix) and those of diffusers. Stateless, thread-safe.
 */
public final class WanNames {
  /** Written before all names by programs that save a whole pipeline in one file. */
  private static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.");

  private static final CheckpointNames NAMES = rules();

  private WanNames() {}

  private static CheckpointNames rules() {
    CheckpointNames.Builder b = CheckpointNames.builder();
    String condition = "condition_embedder.";
    for (String embedding : new String[] {"time", "text"}) {
      b.rename(condition + embedding + "_embedder.linear_1", embedding + "_embedding.0");
      b.rename(condition + embedding + "_embedder.linear_2", embedding + "_embedding.2");
    }
    b.rename(condition + "time_proj", "time_projection.1");
    String image = condition + "image_embedder.";
    b.rename(image + "norm1", "img_emb.proj.0").rename(image + "norm2", "img_emb.proj.4");
    b.rename(image + "ff.net.0.proj", "img_emb.proj.1");
    b.rename(image + "ff.net.2", "img_emb.proj.3");
    b.rename(image + "pos_embed", "img_emb.emb_pos");
    b.rename("proj_out", "head.head").rename("scale_shift_table", "head.modulation");
    addBlock(b, "blocks.*.");
    addBlock(b, "vace_blocks.*.");
    b.rename("vace_blocks.*.proj_in", "vace_blocks.*.before_proj");
    b.rename("vace_blocks.*.proj_out", "vace_blocks.*.after_proj");
    return b.build();
  }

  private static void addBlock(CheckpointNames.Builder b, String block) {
    addAttention(b, block + "attn1.", block + "self_attn.");
    addAttention(b, block + "attn2.", block + "cross_attn.");
    b.rename(block + "attn2.add_k_proj", block + "cross_attn.k_img");
    b.rename(block + "attn2.add_v_proj", block + "cross_attn.v_img");
    b.rename(block + "attn2.norm_added_k", block + "cross_attn.norm_k_img");
    b.rename(block + "ffn.net.0.proj", block + "ffn.0");
    b.rename(block + "ffn.net.2", block + "ffn.2");
    // The norm before cross-attention, the only one with weights, counts as second there.
    b.rename(block + "norm2", block + "norm3");
    b.rename(block + "scale_shift_table", block + "modulation");
  }

  private static void addAttention(CheckpointNames.Builder b, String theirs, String ours) {
    for (String part : new String[] {"q", "k", "v"}) {
      b.rename(theirs + "to_" + part, ours + part);
    }
    b.rename(theirs + "to_out.0", ours + "o");
    b.rename(theirs + "norm_q", ours + "norm_q").rename(theirs + "norm_k", ours + "norm_k");
  }

  /** Whether the source holds a Wan transformer, under any of these names. */
  public static boolean isTransformer(WeightSource source) {
    return PREFIXES.stream().anyMatch(p -> isTransformer(source, p)) || isTransformer(source, "");
  }

  private static boolean isTransformer(WeightSource source, String prefix) {
    return source.find(prefix + "patch_embedding.weight").isPresent()
        && (source.find(prefix + "blocks.0.self_attn.q.weight").isPresent()
            || source.find(prefix + "blocks.0.attn1.to_q.weight").isPresent());
  }

  /**
   * The source under the official names. It owns the given one.
   *
   * @throws WeightFormatException if two tensors get the same name
   */
  public static WeightSource official(WeightSource source) throws WeightFormatException {
    for (String prefix : PREFIXES) {
      if (isTransformer(source, prefix)) {
        return NAMES.apply(source.withoutPrefix(prefix));
      }
    }
    return NAMES.apply(source);
  }
}
