// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.ToIntFunction;

/**
 * One clip to make, every setting decided and checked. Immutable.
 *
 * @param prompt what to show, as the user wrote it
 * @param negativePrompt what guidance leads away from; may be empty
 * @param seed of the starting noise, 0 or above
 * @param size frame size in pixels, a multiple of the model's {@link ModelDefaults#sizeMultiple()}
 * @param frames length of the clip, 4n+1
 * @param fps frames a second of the file
 * @param sampling how noise becomes the clip
 * @param compute where, and with how much memory
 * @param output where the clip goes; its extension chooses the format
 */
public record GenerationRequest(
    String prompt,
    String negativePrompt,
    long seed,
    FrameSize size,
    int frames,
    double fps,
    SamplingSettings sampling,
    ComputeSettings compute,
    Path output) {

  /** The seed that stands for a random one. */
  public static final long RANDOM_SEED = -1;

  /** Starts from a model's defaults. Only prompt and output must be set. */
  public static Builder builder() {
    return new Builder();
  }

  /** Latent frames: the first frame, then one per {@code temporalStride} frames. */
  public int latentFrames(ModelDefaults model) {
    return (frames - 1) / model.vae().temporalStride() + 1;
  }

  /** Collects what the user asked for. Confined to one thread. */
  public static final class Builder {
    private String prompt;
    private String negativePrompt;
    private OptionalLong seed = OptionalLong.empty();
    private OptionalInt width = OptionalInt.empty();
    private OptionalInt height = OptionalInt.empty();
    private OptionalInt frames = OptionalInt.empty();
    private OptionalDouble fps = OptionalDouble.empty();
    private SamplingMethod method;
    private OptionalInt steps = OptionalInt.empty();
    private OptionalDouble flowShift = OptionalDouble.empty();
    private OptionalDouble guidanceScale = OptionalDouble.empty();
    private OptionalDouble highNoiseGuidanceScale = OptionalDouble.empty();
    private OptionalDouble expertBoundary = OptionalDouble.empty();
    private ComputeSettings compute = ComputeSettings.AUTO;
    private Path output;

    private Builder() {}

    public Builder prompt(String text) {
      prompt = text;
      return this;
    }

    /** Null leaves the model's own; an empty text leads away from nothing in particular. */
    public Builder negativePrompt(String text) {
      negativePrompt = text;
      return this;
    }

    /** {@link #RANDOM_SEED}, which is also the default, draws one. */
    public Builder seed(long value) {
      seed = OptionalLong.of(value);
      return this;
    }

    public Builder size(FrameSize value) {
      return width(value.width()).height(value.height());
    }

    public Builder width(int pixels) {
      width = OptionalInt.of(pixels);
      return this;
    }

    public Builder height(int pixels) {
      height = OptionalInt.of(pixels);
      return this;
    }

    public Builder frames(int count) {
      frames = OptionalInt.of(count);
      return this;
    }

    public Builder fps(double framesPerSecond) {
      fps = OptionalDouble.of(framesPerSecond);
      return this;
    }

    public Builder method(SamplingMethod value) {
      method = value;
      return this;
    }

    public Builder steps(int count) {
      steps = OptionalInt.of(count);
      return this;
    }

    public Builder flowShift(double value) {
      flowShift = OptionalDouble.of(value);
      return this;
    }

    public Builder guidanceScale(double value) {
      guidanceScale = OptionalDouble.of(value);
      return this;
    }

    public Builder highNoiseGuidanceScale(double value) {
      highNoiseGuidanceScale = OptionalDouble.of(value);
      return this;
    }

    public Builder expertBoundary(double value) {
      expertBoundary = OptionalDouble.of(value);
      return this;
    }

    public Builder compute(ComputeSettings value) {
      compute = Objects.requireNonNull(value);
      return this;
    }

    public Builder output(Path file) {
      output = file;
      return this;
    }

    /** As {@link #output}; null is {@code wanlet-SEED.mp4} in the current folder. */
    public Builder outputOrDefault(Path file) {
      if (file != null) {
        return output(file);
      }
      long decided = decidedSeed();
      return seed(decided).output(Path.of("wanlet-" + decided + ".mp4"));
    }

    /**
     * Fills in the model's defaults and checks everything.
     *
     * @throws RequestException if a setting cannot be
     * @throws dev.wanlet.wan.media.OutputException if the output cannot be written
     */
    public GenerationRequest build(ModelDefaults model) {
      RequestRules rules = new RequestRules(model);
      FrameSize size = rules.size(width, height);
      GenerationRequest request =
          new GenerationRequest(
              rules.prompt(prompt),
              negativePrompt == null ? model.negativePrompt() : negativePrompt,
              rules.seed(decidedSeed()),
              size,
              rules.frames(frames.orElse(model.frames())),
              rules.fps(fps.orElse(model.fps())),
              sampling(rules, size),
              compute,
              rules.output(output));
      FrameSinks.checkWritable(request.output(), size.width(), size.height(), request.fps());
      return request;
    }

    private long decidedSeed() {
      long asked = seed.orElse(RANDOM_SEED);
      // 31 bits: short enough to type again.
      return asked == RANDOM_SEED ? ThreadLocalRandom.current().nextLong(1L << 31) : asked;
    }

    /**
     * What planning asks of the clip; neither prompt nor output need be set.
     *
     * @param tokens counts a prompt's tokens; a missing prompt is taken to be as long as can be
     * @param maxResident most transformer blocks that may stay on the device
     * @throws RequestException if a setting cannot be
     */
    public RunPlanner.Job toPlan(
        ModelDefaults model, ToIntFunction<String> tokens, int maxResident) {
      RequestRules rules = new RequestRules(model);
      FrameSize size = rules.size(width, height);
      SamplingSettings settings = sampling(rules, size);
      List<Integer> counts = new ArrayList<>();
      counts.add(prompt == null ? WanConfig.TEXT_LENGTH : tokens.applyAsInt(rules.prompt(prompt)));
      if (settings.isGuided()) {
        String negative = negativePrompt == null ? model.negativePrompt() : negativePrompt;
        counts.add(prompt == null ? WanConfig.TEXT_LENGTH : tokens.applyAsInt(negative));
      }
      return new RunPlanner.Job(
          size,
          rules.frames(frames.orElse(model.frames())),
          settings.steps(),
          counts,
          compute.precision(),
          maxResident);
    }

    private SamplingSettings sampling(RequestRules rules, FrameSize size) {
      ModelDefaults model = rules.model();
      double scale = guidanceScale.orElse(model.guidanceScale());
      return new SamplingSettings(
          method == null ? model.sampler() : method,
          rules.steps(steps.orElse(model.steps())),
          rules.flowShift(flowShift.orElse(model.flowShift(size))),
          rules.guidance("guidance scale", scale),
          highNoiseScale(rules, scale),
          boundary(rules));
    }

    private double highNoiseScale(RequestRules rules, double scale) {
      if (highNoiseGuidanceScale.isPresent()) {
        rules.requireExperts("a guidance scale for the high-noise expert");
        return rules.guidance("high-noise guidance scale", highNoiseGuidanceScale.getAsDouble());
      }
      // One scale from the user is meant for both experts.
      return guidanceScale.isPresent() ? scale : rules.model().highNoiseGuidanceScale();
    }

    private OptionalDouble boundary(RequestRules rules) {
      if (expertBoundary.isEmpty()) {
        return rules.model().expertBoundary();
      }
      rules.requireExperts("an expert boundary");
      return OptionalDouble.of(rules.boundary(expertBoundary.getAsDouble()));
    }
  }
}
