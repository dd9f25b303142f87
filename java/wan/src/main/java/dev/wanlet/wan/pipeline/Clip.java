// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.pipeline.control.ControlClip;
import dev.wanlet.wan.pipeline.control.InitialFrames;
import dev.wanlet.wan.pipeline.prompts.ClipPrompts;
import dev.wanlet.wan.request.GenerationRequest;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A clip on its way through the stages: what was asked for, and what they have made of it so far.
 * Confined to one thread.
 */
final class Clip {
  private final GenerationRequest request;
  private final RunOptions options;
  private final VideoMetadata settings;
  private final ClipPrompts prompts;
  private final ClipSampling sampling;
  private final OpenAdapters adapters;
  private ClipInputs inputs;
  private final Map<Stage, Double> stageSeconds = new LinkedHashMap<>();
  private List<float[]> contexts = List.of();
  private float[] features = {};
  private Path output;

  /**
   * @param settings stored in the file
   * @param prompts what to encode, as far as it is not known
   * @param adapters open for as long as the clip is made
   * @param inputs what it is made from beside the prompts
   */
  Clip(
      GenerationRequest request,
      RunOptions options,
      VideoMetadata settings,
      ClipPrompts prompts,
      ClipSampling sampling,
      OpenAdapters adapters,
      ClipInputs inputs) {
    this.request = request;
    this.options = options;
    this.settings = settings;
    this.prompts = prompts;
    if (prompts.missing().isEmpty()) {
      contexts = prompts.complete(List.of());
    }
    this.sampling = sampling;
    this.adapters = adapters;
    this.inputs = inputs;
  }

  GenerationRequest request() {
    return request;
  }

  VideoMetadata settings() {
    return settings;
  }

  /** What is added to the transformer. */
  OpenAdapters adapters() {
    return adapters;
  }

  ClipPrompts prompts() {
    return prompts;
  }

  /** Noise on its way to latents. */
  ClipSampling sampling() {
    return sampling;
  }

  /**
   * What cross-attention sees of each prompt, [tokens, dim]; empty until the prompts are encoded.
   */
  List<float[]> contexts() {
    return contexts;
  }

  void contexts(List<float[]> encoded) {
    contexts = List.copyOf(encoded);
  }

  /** What the clip begins and ends with, as its frames; empty once they are encoded. */
  Optional<ClipPictures> pictures() {
    return inputs.pictures();
  }

  /** What its control branch is shown; empty once that is encoded, or without such a branch. */
  Optional<ControlClip> control() {
    return inputs.control();
  }

  /** What it is made over from; empty once that is encoded, or if it is made anew. */
  Optional<InitialFrames> initial() {
    return inputs.initial();
  }

  /** CLIP's features of all pictures, joined; empty until they are there, or for good. */
  float[] features() {
    return features;
  }

  void features(List<float[]> ofPictures) {
    features = new float[ofPictures.stream().mapToInt(f -> f.length).sum()];
    int at = 0;
    for (float[] one : ofPictures) {
      System.arraycopy(one, 0, features, at, one.length);
      at += one.length;
    }
  }

  /**
   * What the transformer sees of the clip's pictures and videos; nothing until they are encoded.
   */
  WanCondition condition() {
    return sampling.shown();
  }

  /** Whether the clip goes on from a saved run that has all that its pictures and videos give. */
  boolean hasInputsEncoded() {
    return sampling.hasBegun() || RunCheckpoint.isEncoded(sampling.shown());
  }

  /** Pictures and videos are not needed any more. */
  void encoded(WanCondition seen) {
    sampling.show(seen);
    inputs = ClipInputs.NONE;
  }

  /** The first file written; null until the clip is. */
  Path output() {
    return output;
  }

  void output(Path file) {
    output = file;
  }

  GenerationListener listener() {
    return options.listener();
  }

  Cancellation cancellation() {
    return options.cancellation();
  }

  /** Tells how far a stage has come; an interrupt that came meanwhile becomes a cancellation. */
  void progress(Stage stage, double done, int total) {
    options.listener().progress(stage, done, total);
    options.cancellation().observe();
  }

  /** The time of each stage that is through, in the order they ran. */
  Map<Stage, Double> stageSeconds() {
    return stageSeconds;
  }
}
