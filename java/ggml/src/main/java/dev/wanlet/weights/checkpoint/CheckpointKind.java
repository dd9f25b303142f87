// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

/** Which of Wan's networks a checkpoint holds, told by its tensor names. Immutable. */
public enum CheckpointKind {
  TRANSFORMER("Wan transformer"),
  TEXT_ENCODER("umT5 text encoder"),
  IMAGE_ENCODER("CLIP image encoder"),
  VAE_2_1("Wan 2.1 VAE"),
  VAE_2_2("Wan 2.2 VAE"),
  /** A tiny autoencoder: a small decoder of the same latents. */
  TAE("small decoder (TAE)"),
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
}
