// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/** What a run does, in order. */
public enum Stage {
  /** The prompts go through the text encoder. */
  TEXT("text", "prompts"),
  /** The transformer turns noise into latents. */
  SAMPLE("sample", "steps"),
  /** The VAE turns latents into frames, which go to the file. */
  DECODE("decode", "frames");

  private final String id;
  private final String unit;

  Stage(String id, String unit) {
    this.id = id;
    this.unit = unit;
  }

  /** Its name in JSON output and metadata. */
  public String id() {
    return id;
  }

  /** What is counted. */
  public String unit() {
    return unit;
  }
}
