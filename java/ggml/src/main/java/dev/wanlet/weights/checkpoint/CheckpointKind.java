// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import java.util.function.Predicate;

/** Which of Wan's networks a checkpoint holds, told by its tensor names. Immutable. */
public enum CheckpointKind {
  TRANSFORMER("Wan transformer"),
  TEXT_ENCODER("umT5 text encoder"),
  IMAGE_ENCODER("CLIP image encoder"),
  VAE_2_1("Wan 2.1 VAE"),
  VAE_2_2("Wan 2.2 VAE"),
  LORA("LoRA adapter"),
  UNKNOWN("unknown network");

  private final String title;

  CheckpointKind(String title) {
    this.title = title;
  }

  /** For people: "Wan transformer". */
  public String title() {
    return title;
  }

  public boolean isVae() {
    return this == VAE_2_1 || this == VAE_2_2;
  }

  /** What a checkpoint is, if names answers whether it has a tensor of that name. */
  static CheckpointKind of(CheckpointLayout layout, Predicate<String> has) {
    return switch (layout) {
      case OFFICIAL -> {
        if (has.test("blocks.0.self_attn.q.weight")) {
          yield TRANSFORMER;
        } else if (has.test("blocks.0.attn.q.weight") && has.test("token_embedding.weight")) {
          yield TEXT_ENCODER;
        } else if (has.test("transformer.0.attn.to_qkv.weight")) {
          yield IMAGE_ENCODER;
        } else if (has.test("decoder.upsamples.0.upsamples.0.residual.2.weight")) {
          yield VAE_2_2;
        }
        yield has.test("decoder.upsamples.0.residual.2.weight") ? VAE_2_1 : UNKNOWN;
      }
      case DIFFUSERS -> {
        if (has.test("blocks.0.attn1.to_q.weight")) {
          yield TRANSFORMER;
        } else if (!has.test("decoder.up_blocks.0.resnets.0.conv1.weight")) {
          yield UNKNOWN;
        }
        yield has.test("decoder.up_blocks.0.upsampler.resample.1.weight") ? VAE_2_2 : VAE_2_1;
      }
      case HUGGING_FACE -> {
        if (has.test("encoder.block.0.layer.0.SelfAttention.q.weight")) {
          yield TEXT_ENCODER;
        }
        yield has.test("vision_model.encoder.layers.0.self_attn.q_proj.weight")
            ? IMAGE_ENCODER
            : UNKNOWN;
      }
      case LLAMA_CPP -> has.test("enc.blk.0.attn_q.weight") ? TEXT_ENCODER : UNKNOWN;
    };
  }
}
