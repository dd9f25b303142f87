// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names diffusers gives to Wan's tensors, and the official ones. Beware: what the official code
 * calls norm3 (before cross-attention) diffusers calls norm2, and the other way round. Stateless,
 * thread-safe.
 *
 * <p>Source: diffusers scripts/convert_wan_to_diffusers.py and models/transformers/transformer_wan.
 */
final class DiffusersNames {
  private static final Pattern UP_RESNET =
      Pattern.compile("decoder\\.up_blocks\\.(\\d+)\\.resnets\\.(\\d+)\\.(.+)");
  private static final Pattern UP_SAMPLER =
      Pattern.compile("decoder\\.up_blocks\\.(\\d+)\\.upsamplers\\.0\\.(.+)");

  /** Blocks of one resolution in the 2.1 decoder: three residual ones and an upsampling. */
  private static final int UP_STAGE = 4;

  private static final NameRules TRANSFORMER = transformer();
  private static final NameRules TO_DIFFUSERS = TRANSFORMER.inverse();
  private static final NameRules RESIDUAL =
      NameRules.builder()
          .rename("norm1", "residual.0")
          .rename("conv1", "residual.2")
          .rename("norm2", "residual.3")
          .rename("conv2", "residual.6")
          .rename("conv_shortcut", "shortcut")
          .build();
  private static final NameRules VAE = vae();

  private DiffusersNames() {}

  /** The official name of a transformer's tensor. */
  static String transformer(String name) {
    return TRANSFORMER.rename(name);
  }

  /** The other way round. */
  static String diffusersTransformer(String official) {
    return TO_DIFFUSERS.rename(official);
  }

  /** The official name of a tensor of the Wan 2.1 VAE, whose blocks are numbered through. */
  static String vae21(String name) {
    Matcher resnet = UP_RESNET.matcher(name);
    if (resnet.matches()) {
      int index = UP_STAGE * Integer.parseInt(resnet.group(1)) + Integer.parseInt(resnet.group(2));
      return "decoder.upsamples." + index + "." + RESIDUAL.rename(resnet.group(3));
    }
    Matcher sampler = UP_SAMPLER.matcher(name);
    if (sampler.matches()) {
      int index = UP_STAGE * Integer.parseInt(sampler.group(1)) + UP_STAGE - 1;
      return "decoder.upsamples." + index + "." + sampler.group(2);
    }
    Matcher down = Pattern.compile("(encoder\\.)down_blocks(\\.\\d+\\.)(.+)").matcher(name);
    if (down.matches()) {
      return down.group(1) + "downsamples" + down.group(2) + RESIDUAL.rename(down.group(3));
    }
    return VAE.rename(name);
  }

  /** The official name of a tensor of the Wan 2.2 VAE, whose blocks are numbered by resolution. */
  static String vae22(String name) {
    Matcher resnet =
        Pattern.compile(
                "(encoder\\.|decoder\\.)(down|up)_blocks(\\.\\d+\\.)resnets(\\.\\d+\\.)(.+)")
            .matcher(name);
    if (resnet.matches()) {
      String samples = resnet.group(2) + "samples";
      return resnet.group(1)
          + samples
          + resnet.group(3)
          + samples
          + resnet.group(4)
          + RESIDUAL.rename(resnet.group(5));
    }
    return VAE.rename(name);
  }

  private static NameRules transformer() {
    NameRules.Builder b = NameRules.builder();
    String embedder = "condition_embedder.";
    for (String part : new String[] {"time", "text"}) {
      b.rename(embedder + part + "_embedder.linear_1", part + "_embedding.0");
      b.rename(embedder + part + "_embedder.linear_2", part + "_embedding.2");
    }
    b.rename(embedder + "time_proj", "time_projection.1");
    b.rename(embedder + "image_embedder.norm1", "img_emb.proj.0");
    b.rename(embedder + "image_embedder.ff.net.0.proj", "img_emb.proj.1");
    b.rename(embedder + "image_embedder.ff.net.2", "img_emb.proj.3");
    b.rename(embedder + "image_embedder.norm2", "img_emb.proj.4");
    b.rename(embedder + "image_embedder.pos_embed", "img_emb.emb_pos");
    b.rename("scale_shift_table", "head.modulation").rename("proj_out", "head.head");
    for (String blocks : new String[] {"blocks.*.", "vace_blocks.*."}) {
      b.rename(blocks + "scale_shift_table", blocks + "modulation");
      b.rename(blocks + "norm2", blocks + "norm3").rename(blocks + "norm3", blocks + "norm2");
      b.rename(blocks + "ffn.net.0.proj", blocks + "ffn.0");
      b.rename(blocks + "ffn.net.2", blocks + "ffn.2");
      b.rename(blocks + "proj_in", blocks + "before_proj");
      b.rename(blocks + "proj_out", blocks + "after_proj");
      b.rename(blocks + "attn2.add_k_proj", blocks + "cross_attn.k_img");
      b.rename(blocks + "attn2.add_v_proj", blocks + "cross_attn.v_img");
      b.rename(blocks + "attn2.norm_added_k", blocks + "cross_attn.norm_k_img");
      for (int i = 1; i <= 2; i++) {
        String from = blocks + "attn" + i;
        String to = blocks + (i == 1 ? "self_attn" : "cross_attn");
        for (String part : new String[] {"q", "k", "v"}) {
          b.rename(from + ".to_" + part, to + "." + part);
        }
        b.rename(from + ".to_out.0", to + ".o").rename(from + ".to_out", to + ".o");
        b.rename(from, to); // norm_q, norm_k
      }
    }
    return b.build();
  }

  private static NameRules vae() {
    NameRules.Builder b = NameRules.builder();
    b.rename("quant_conv", "conv1").rename("post_quant_conv", "conv2");
    for (String side : new String[] {"encoder.", "decoder."}) {
      b.rename(side + "conv_in", side + "conv1");
      b.rename(side + "norm_out", side + "head.0").rename(side + "conv_out", side + "head.2");
      b.rename(side + "mid_block.attentions.0", side + "middle.1");
      for (int i = 0; i < 2; i++) {
        String from = side + "mid_block.resnets." + i + ".";
        String to = side + "middle." + 2 * i + ".";
        b.rename(from + "norm1", to + "residual.0").rename(from + "conv1", to + "residual.2");
        b.rename(from + "norm2", to + "residual.3").rename(from + "conv2", to + "residual.6");
        b.rename(from + "conv_shortcut", to + "shortcut");
      }
    }
    b.rename("encoder.down_blocks.*.downsampler", "encoder.downsamples.*.downsamples.2");
    b.rename("decoder.up_blocks.*.upsampler", "decoder.upsamples.*.upsamples.3");
    return b.build();
  }
}
