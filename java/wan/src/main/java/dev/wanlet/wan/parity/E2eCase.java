// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.vae.Vae21;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.Guidance;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;

/**
 * From noise to video: the transformer and the VAE of two other folders, with a solver and
 * guidance.
 */
final class E2eCase implements ParityCase {
  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    SamplingMethod method = SamplingMethod.parse(folder.required("solver").asText());
    FlowSchedule schedule =
        method.schedule(folder.required("steps").asInt(), folder.required("shift").asDouble());
    sink.accept("timesteps", schedule.timesteps());
    sink.accept("sigmas", schedule.sigmas());

    Shape shape = folder.inputs().require("noise").shape();
    GuidedRun run =
        new GuidedRun(
            shape,
            folder.requiredInput("context"),
            folder.requiredInput("context_null"),
            WanCondition.NONE,
            new Guidance(folder.required("guide_scale").floatValue()));
    ParityFolder dit = folder.sibling(folder.required("dit").asText());
    WeightSource weights = dit.weights();
    WanConfig config = WanConfig.infer(weights);
    float[] latents;
    try (WanTransformer model = DitCase.load(engine, config, weights)) {
      latents =
          run.sample(
              model, engine, method.create(schedule), folder.requiredInput("noise"), steps(sink));
    }
    sink.accept("final_latent", latents);

    if (folder.outputs().find("video").isPresent()) {
      ParityFolder vae = folder.sibling(folder.required("vae").asText());
      sink.accept(
          "video", clamped(VaeRun.of(engine, Vae21.INSTANCE, vae.weights()), latents, shape));
    }
  }

  private static float[] clamped(VaeRun vae, float[] latents, Shape shape) throws IOException {
    float[] video = vae.decode(latents, shape, Taps.NONE);
    for (int i = 0; i < video.length; i++) {
      video[i] = Math.max(-1, Math.min(1, video[i]));
    }
    return video;
  }

  private static GuidedRun.Listener steps(Sink sink) {
    return new GuidedRun.Listener() {
      @Override
      public void step(int step, float[] conditional, float[] unconditional, float[] guided) {
        sink.accept("step" + step + ".cond", conditional);
        sink.accept("step" + step + ".uncond", unconditional);
        sink.accept("step" + step + ".guided", guided);
      }

      @Override
      public void latents(int step, float[] latents) {
        sink.accept("step" + step + ".latent", latents);
      }
    };
  }
}
