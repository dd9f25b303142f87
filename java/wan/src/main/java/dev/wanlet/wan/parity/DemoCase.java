// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.model.vae.Vae21;
import dev.wanlet.wan.model.vae.known.KnownFrames;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.Guidance;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.SigmaList;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * From a prompt, and maybe a picture, to frames with a whole model, whose files lie beside the
 * folder under the official names; {@code transformer} in config.json names another file.
 */
final class DemoCase implements ParityCase {
  private static final String TOKENS = "tokens.json";

  @Override
  public Map<String, float[]> expected(ParityFolder folder) throws IOException {
    Map<String, float[]> expected = new LinkedHashMap<>();
    expected.put("ids", folder.requiredInput("ids"));
    int i = 0;
    for (JsonNode text : tokens(folder)) {
      expected.put(tokensTap(i++), TokenizerCase.floats(TokenizerCase.ints(text.path("ids"))));
    }
    expected.putAll(folder.outputValues());
    return expected;
  }

  private static Iterable<JsonNode> tokens(ParityFolder folder) throws IOException {
    return Files.exists(folder.directory().resolve(TOKENS)) ? folder.json(TOKENS) : List.of();
  }

  private static String tokensTap(int index) {
    return "tokens." + index;
  }

  private static Path model(ParityFolder folder, String file) {
    return folder.directory().resolveSibling(file);
  }

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    int[] negative = tokenize(folder, sink);
    List<float[]> contexts = encode(folder, engine, negative, sink);
    Shape shape = folder.inputs().require("noise").shape();
    WeightSource weights = folder.tensors(model(folder, "Wan2.1_VAE.safetensors"));
    VaeRun vae = VaeRun.of(engine, Vae21.INSTANCE, weights);
    WanCondition condition = condition(folder, vae, shape, sink);
    float[] latents = sample(folder, engine, contexts, condition, shape, sink);
    sink.accept("latents", latents.clone());
    float[] video = vae.decode(latents, shape, Taps.NONE);
    sink.accept("video", video);
    sink.accept("frames", frames(video, folder.outputs().require("frames").shape()));
  }

  /** Returns the ids of the negative prompt. */
  private static int[] tokenize(ParityFolder folder, Sink sink) throws IOException {
    Path vocabulary =
        Tokenizer.locate(folder.directory().getParent())
            .orElseThrow(() -> folder.bad("there is no spiece.model beside this folder"));
    try (Tokenizer tokenizer = Tokenizer.open(vocabulary)) {
      int length = WanConfig.TEXT_LENGTH;
      String prompt = folder.required("prompt").asText();
      sink.accept("ids", TokenizerCase.floats(tokenizer.encode(prompt, length)));
      int i = 0;
      for (JsonNode text : tokens(folder)) {
        int[] ids = tokenizer.encode(text.path("text").asText(), length);
        sink.accept(tokensTap(i++), TokenizerCase.floats(ids));
      }
      return tokenizer.encode(folder.required("negative").asText(), length);
    }
  }

  /** Contexts of prompt and negative prompt; the latter is the empty one in the references. */
  private static List<float[]> encode(ParityFolder folder, Engine engine, int[] negative, Sink sink)
      throws IOException {
    WeightSource weights = folder.tensors(model(folder, "models_t5_umt5-xxl-enc.safetensors"));
    int[] ids = folder.inputs().require("ids").toInts();
    try (Umt5Encoder encoder = Umt5Case.load(engine, Umt5Config.infer(weights), weights)) {
      List<float[]> contexts = encoder.encode(List.of(ids, negative));
      sink.accept("context", contexts.get(0));
      if (negative.length == 1) {
        sink.accept("context_empty", contexts.get(1));
      }
      return contexts;
    }
  }

  /** What the transformer sees of the picture that the clip begins with, if there is one. */
  private static WanCondition condition(ParityFolder folder, VaeRun vae, Shape latents, Sink sink)
      throws IOException {
    Optional<WeightTensor> image = folder.inputs().find("image");
    if (image.isEmpty()) {
      return WanCondition.NONE;
    }
    RgbFrame picture = ConditioningCase.picture(folder, "image");
    KnownFrames known =
        new KnownFrames(
            Fit.STRETCH.frame(picture, picture.width(), picture.height()),
            Optional.empty(),
            vae.config().frames((int) latents.dim(1)));
    float[] channels = vae.encode(known, picture.height(), picture.width());
    sink.accept("condition", channels);
    return new WanCondition(channels);
  }

  /** The noise levels one by one, or the solver's own. */
  private static FlowSchedule schedule(ParityFolder folder, SamplingMethod method)
      throws ParityException {
    if (!folder.config().has("sigmas")) {
      return method.schedule(folder.required("steps").asInt(), folder.required("shift").asDouble());
    }
    StringJoiner levels = new StringJoiner(",");
    folder.config().get("sigmas").forEach(level -> levels.add(level.asText()));
    return SigmaList.parse(levels.toString()).schedule();
  }

  private static float[] sample(
      ParityFolder folder,
      Engine engine,
      List<float[]> contexts,
      WanCondition condition,
      Shape shape,
      Sink sink)
      throws IOException {
    String file = folder.config().path("transformer").asText("diffusion_pytorch_model.safetensors");
    WeightSource weights = folder.network(model(folder, file));
    SamplingMethod method = SamplingMethod.parse(folder.required("sampler").asText());
    FlowSchedule schedule = schedule(folder, method);
    GuidedRun run =
        new GuidedRun(
            shape,
            contexts.get(0),
            contexts.get(1),
            condition,
            new Guidance(folder.required("guidance").floatValue()));
    GuidedRun.Listener first =
        new GuidedRun.Listener() {
          @Override
          public void step(int step, float[] conditional, float[] unconditional, float[] guided) {
            if (step == 0) {
              sink.accept("velocity_t1000", conditional);
            }
          }

          @Override
          public void latents(int step, float[] latents) {
            // the reference keeps the last ones only
          }
        };
    try (WanTransformer model = DitCase.load(engine, WanConfig.infer(weights), weights)) {
      float[] noise = folder.requiredInput("noise");
      return run.sample(model, engine, method.create(schedule), noise, first);
    }
  }

  /** [3, T, H, W] in [-1, 1] as [T, H, W, 3] in 0..255, truncated as the reference does. */
  private static float[] frames(float[] video, Shape shape) {
    int pixels = (int) (shape.dim(0) * shape.dim(1) * shape.dim(2));
    float[] frames = new float[video.length];
    for (int i = 0; i < pixels; i++) {
      for (int c = 0; c < 3; c++) {
        float clamped = Math.max(-1, Math.min(1, video[c * pixels + i]));
        frames[i * 3 + c] = (int) ((clamped + 1) / 2 * 255);
      }
    }
    return frames;
  }
}
