// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

/** A part of a model that comes from a file of its own. */
public enum ModelPart {
  TRANSFORMER("transformer", "diffusion-model"),
  HIGH_NOISE_TRANSFORMER("high-noise transformer", "high-noise-diffusion-model"),
  VAE("VAE", "vae"),
  TEXT_ENCODER("text encoder", "text-encoder"),
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

  /** The setting that names its file, as saved settings call it. */
  public String setting() {
    return setting;
  }
}
