// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.weights.checkpoint.CheckpointKind;

/** A part of a model that comes from a file of its own. */
public enum ModelPart {
  TRANSFORMER("transformer", "diffusion-model"),
  HIGH_NOISE_TRANSFORMER("high-noise transformer", "high-noise-diffusion-model"),
  VAE("VAE", "vae"),
  TEXT_ENCODER("text encoder", "text-encoder"),
  IMAGE_ENCODER("CLIP image encoder", "clip-vision"),
  TOKENIZER("tokenizer", "tokenizer");

  private final String title;
  private final String setting;

  ModelPart(String title, String setting) {
    this.title = title;
    this.setting = setting;
  }

  /** What people call it. */
  public String title() {
    return title;
  }

  /** Whether a network of that kind is this part. */
  public boolean is(CheckpointKind kind) {
    return switch (this) {
      case TRANSFORMER, HIGH_NOISE_TRANSFORMER -> kind == CheckpointKind.TRANSFORMER;
      case VAE -> kind.isVae();
      case TEXT_ENCODER -> kind == CheckpointKind.TEXT_ENCODER;
      case IMAGE_ENCODER -> kind == CheckpointKind.IMAGE_ENCODER;
      case TOKENIZER -> false;
    };
  }

  /** The setting that names its file, as saved settings call it. */
  public String setting() {
    return setting;
  }
}
