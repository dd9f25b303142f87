// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.weights.WeightFormatException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * The settings of a saved run, as a request to make the same clip. The counterpart of what {@link
 * VideoPipeline} stores in clips. Immutable.
 *
 * @param file where they come from, for messages
 * @param stored option names and values
 */
public record SavedSettings(Path file, VideoMetadata stored) {
  /** The model whose files the run used; those of the demo model are not stored. */
  public ModelSelection model() {
    ModelSelection selection = ModelSelection.none();
    for (ModelPart part : ModelPart.values()) {
      Optional<Object> path = stored.setting(part.option().substring("--".length()));
      selection = selection.with(part, path.map(p -> Path.of(p.toString())).orElse(null));
    }
    return selection;
  }

  /**
   * How exactly the run computed.
   *
   * @throws WeightFormatException if the file does not say, or says nonsense
   */
  public Precision precision() throws WeightFormatException {
    return value("precision", text -> Precision.valueOf(text.toUpperCase(Locale.ROOT)));
  }

  /**
   * The run's request.
   *
   * @param compute where to go on; its precision is not looked at
   * @param output where the clip goes
   * @throws WeightFormatException if a setting is missing or damaged
   * @throws RequestException if the settings cannot be, such as a size the model does not take
   * @throws dev.wanlet.wan.media.OutputException if the output cannot be written
   */
  public GenerationRequest request(ModelDefaults model, ComputeSettings compute, Path output)
      throws WeightFormatException {
    GenerationRequest.Builder request =
        GenerationRequest.builder()
            .prompt(value("prompt", text -> text))
            .negativePrompt(value("negative-prompt", text -> text))
            .seed(value("seed", Long::parseLong))
            .width(value("width", Integer::parseInt))
            .height(value("height", Integer::parseInt))
            .frames(value("frames", Integer::parseInt))
            .fps(value("fps", Double::parseDouble))
            .method(value("sampling-method", SamplingMethod::parse))
            .steps(value("steps", Integer::parseInt))
            .flowShift(value("flow-shift", Double::parseDouble))
            .guidanceScale(value("cfg-scale", Double::parseDouble))
            .output(output)
            .compute(
                new ComputeSettings(
                    compute.device(),
                    compute.threads(),
                    compute.deviceBudgetBytes(),
                    compute.hostBudgetBytes(),
                    precision()));
    if (stored.setting("moe-boundary").isPresent()) {
      request
          .highNoiseGuidanceScale(value("high-noise-cfg-scale", Double::parseDouble))
          .expertBoundary(value("moe-boundary", Double::parseDouble));
    }
    return request.build(model);
  }

  private <T> T value(String name, Function<String, T> parse) throws WeightFormatException {
    Object value =
        stored
            .setting(name)
            .orElseThrow(
                () ->
                    new WeightFormatException(
                        file, "damaged saved run: it lacks the setting '" + name + "'"));
    try {
      return parse.apply(value.toString());
    } catch (IllegalArgumentException e) {
      throw new WeightFormatException(
          file, "damaged saved run: setting '" + name + "' is '" + value + "'", e);
    }
  }
}
