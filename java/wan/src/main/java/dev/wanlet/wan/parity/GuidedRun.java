// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.sampling.Guidance;
import dev.wanlet.wan.sampling.Sampler;
import dev.wanlet.wan.sampling.SamplingLoop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * A sampling run with classifier-free guidance, step by step. Immutable.
 *
 * @param latents shape of the noise, [C, T, H, W]
 * @param context text encoder output for the prompt, [tokens, textDim] flattened
 * @param negative the same for the negative prompt
 * @param condition what stands behind the noise
 */
record GuidedRun(
    Shape latents, float[] context, float[] negative, WanCondition condition, Guidance guidance) {
  /** Hears what a step computed. */
  interface Listener {
    void step(int step, float[] conditional, float[] unconditional, float[] guided);

    /** The latents after a step. */
    void latents(int step, float[] latents);
  }

  /** Samples from noise, which is overwritten, to clean latents. */
  float[] sample(
      WanTransformer model,
      ParityCase.Engine engine,
      Sampler sampler,
      float[] noise,
      Listener listener)
      throws IOException {
    TokenGrid grid =
        TokenGrid.ofLatents((int) latents.dim(1), (int) latents.dim(2), (int) latents.dim(3));
    int textDim = model.config().textDim();
    WanRun run =
        new WanRun(
            grid,
            engine.chunks(grid.tokens()),
            List.of(
                new PromptRows(context.length / textDim),
                new PromptRows(negative.length / textDim)),
            true,
            1,
            engine.precision());
    try (WanSession session = model.open(run, List.of(context, negative), condition)) {
      SamplingLoop loop =
          new SamplingLoop(
                  sampler,
                  (x, timestep, step) -> {
                    List<float[]> velocities = predict(session, x, timestep);
                    float[] unconditional = velocities.get(1).clone();
                    float[] guided = guidance.combine(velocities.get(0), velocities.get(1));
                    listener.step(step, velocities.get(0), unconditional, guided.clone());
                    return guided;
                  })
              .withListener(done -> listener.latents(done.index(), done.latents().clone()));
      return loop.run(noise);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static List<float[]> predict(WanSession session, float[] x, float timestep) {
    try {
      return session.predict(x, new float[] {timestep}, 0, 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
