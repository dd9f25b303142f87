// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/**
 * What a stage of a run is called. A stage of its own kind names itself; these make a clip from
 * text and pictures. Immutable.
 *
 * @param id its name in JSON output and metadata
 * @param title the network at work, for people
 * @param unit what is counted
 */
public record Stage(String id, String title, String unit) {
  /** The prompts go through the text encoder. */
  public static final Stage TEXT = new Stage("text", "text encoder", "prompts");

  /** CLIP turns pictures into features for cross-attention. */
  public static final Stage SEE = new Stage("clip", "CLIP image encoder", "pictures");

  /** The VAE turns pictures, and grey for frames that are not known, into latents. */
  public static final Stage ENCODE = new Stage("encode", "VAE encoder", "frames");

  /** The transformer turns noise into latents. */
  public static final Stage SAMPLE = new Stage("sample", "transformer", "steps");

  /** The VAE turns latents into frames, which go to the file. */
  public static final Stage DECODE = new Stage("decode", "VAE", "frames");
}
