// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.wan.memory.StreamedBlocks;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.sampling.Denoiser;
import dev.wanlet.wan.sampling.Guidance;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * Owner, stage 2: the transformer as the sampling loop sees it. Loads an expert when its first step
 * comes and drops it when the other one's does. Confined to one thread.
 */
final class SampleStage implements Denoiser, AutoCloseable {
  private final Backend backend;
  private final List<WeightSource> experts;
  private final WanConfig config;
  private final TransformerPlan plan;
  private final List<float[]> contexts;
  private final IntPredicate highNoise;
  private final IntFunction<Guidance> guidance;
  private final int steps;
  private final BlockListener listener;
  private WeightSource loaded;
  private WanTransformer transformer;
  private WanSession session;

  /** Hears of each block that is done. */
  @FunctionalInterface
  interface BlockListener {
    void blockDone(int step, double fractionOfStep);
  }

  /**
   * Takes nothing yet.
   *
   * @param experts the transformers in the order they run
   * @param highNoise whether a step belongs to the first of two experts
   * @param guidance of each step
   */
  SampleStage(
      Backend backend,
      List<WeightSource> experts,
      WanConfig config,
      TransformerPlan plan,
      List<float[]> contexts,
      IntPredicate highNoise,
      IntFunction<Guidance> guidance,
      int steps,
      BlockListener listener) {
    this.backend = backend;
    this.experts = experts;
    this.config = config;
    this.plan = plan;
    this.contexts = contexts;
    this.highNoise = highNoise;
    this.guidance = guidance;
    this.steps = steps;
    this.listener = listener;
  }

  @Override
  public float[] predict(float[] latents, float timestep, int step) {
    try {
      load(experts.get(highNoise.test(step) ? 0 : experts.size() - 1));
      return predict(latents, new float[] {timestep}, step, guidance.apply(step));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GgmlException e) {
      if (e.code() == ErrorCode.ABORTED) {
        throw new SamplingCancelledException(step, steps);
      }
      throw e;
    }
  }

  private float[] predict(float[] latents, float[] timesteps, int step, Guidance scale)
      throws IOException {
    if (!scale.needsUnconditional()) {
      session.onBlock(done -> listener.blockDone(step, (double) done / config.layers()));
      return session.predict(latents, timesteps, 0).get(0);
    }
    if (plan.run().layerMajor()) {
      session.onBlock(done -> listener.blockDone(step, (double) done / config.layers()));
      List<float[]> both = session.predict(latents, timesteps, 0, 1);
      return scale.combine(both.get(0), both.get(1));
    }
    double passes = 2;
    session.onBlock(done -> listener.blockDone(step, done / passes / config.layers()));
    float[] conditional = session.predict(latents, timesteps, 0).get(0);
    session.onBlock(
        done -> listener.blockDone(step, (1 + (double) done / config.layers()) / passes));
    float[] unconditional = session.predict(latents, timesteps, 1).get(0);
    return scale.combine(conditional, unconditional);
  }

  private void load(WeightSource expert) throws IOException {
    if (expert.equals(loaded)) {
      return;
    }
    close();
    TypePolicy types = SourceTypes.of(expert, plan.run().precision(), backend.device());
    SourceReader reader = new SourceReader(expert);
    StreamedBlocks blocks =
        new StreamedBlocks(
            backend,
            WanTransformer.blockLayouts(config, types),
            i -> reader.under(WanTransformer.blockPrefix(i)),
            plan.placement());
    try {
      transformer = WanTransformer.load(backend, config, types, reader, blocks);
    } catch (IOException | RuntimeException e) {
      blocks.close();
      throw e;
    }
    session = transformer.open(plan.run(), contexts);
    loaded = expert;
  }

  @Override
  public void close() {
    if (session != null) {
      session.close();
      session = null;
    }
    if (transformer != null) {
      transformer.close();
      transformer = null;
    }
    loaded = null;
  }
}
