// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

/** A part of a model that comes from a file of its own. */
public enum ModelPart {
  TRANSFORMER("transformer", "--diffusion-model"),
  HIGH_NOISE_TRANSFORMER("high-noise transformer", "--high-noise-diffusion-model"),
  VAE("VAE", "--vae"),
  TEXT_ENCODER("text encoder", "--text-encoder"),
  TOKENIZER("tokenizer", "--tokenizer");

  private final String title;
  private final String option;

  ModelPart(String title, String option) {
    this.title = title;
    this.option = option;
  }

  /** What people call it. */
  public String title() {
    return title;
  }

  /** The option of the command line that names its file. */
  public String option() {
    return option;
  }
}
