// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

/** Whose tensor names a checkpoint uses. Immutable. */
public enum CheckpointLayout {
  /** Those of Wan's own code; also Comfy-Org's files of transformer and VAE, and city96's GGUFs. */
  OFFICIAL("official names"),
  DIFFUSERS("diffusers names"),
  /** Those of the transformers library: umT5 and CLIP; also Comfy-Org's files of these. */
  HUGGING_FACE("Hugging Face names"),
  /** Those of llama.cpp's converter: umT5 in GGUF. */
  LLAMA_CPP("llama.cpp names");

  private final String title;

  CheckpointLayout(String title) {
    this.title = title;
  }

  /** For people: "official names". */
  public String title() {
    return title;
  }
}
