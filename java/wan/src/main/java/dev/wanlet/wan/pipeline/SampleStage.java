// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.SampleStagePlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StagePlanner;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.model.transformer.BlockChanges;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.nn.NetworkAdapters;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Noise becomes latents, by the transformer or by two experts in turn. Immutable. */
final class SampleStage implements ClipStage {
  @Override
  public StagePlanner planner(ModelFacts facts) {
    return new SampleStagePlanner(facts);
  }

  @Override
  public void requireWeights(OpenModel model) throws IOException {
    for (WeightSource expert : model.transformers()) {
      new SourceReader(expert)
          .require(WanTransformer.layout(model.transformerConfig(), TypePolicy.ALL_F32));
    }
  }

  @Override
  public int units(Clip clip) {
    return clip.sampling().steps();
  }

  @Override
  public StageRunner open(OpenModel model, Backend backend, StagePlan plan) {
    return new Runner(model, backend, plan.details(TransformerPlan.class).orElseThrow());
  }

  /** Loads an expert when its first step comes and drops it when the other one's does. */
  private static final class Runner implements StageRunner {
    private final Backend backend;
    private final List<WeightSource> experts;
    private final WanConfig config;
    private TransformerPlan plan;
    private WeightSource loaded;
    private List<Integer> added; // places of the adapters beside it
    private WanTransformer transformer;
    private WanSession session;
    private List<float[]> contexts;
    private WanCondition condition;
    private long uploadedBytes; // of this transformer, as far as they are told

    Runner(OpenModel model, Backend backend, TransformerPlan plan) {
      this.backend = backend;
      this.experts = model.transformers();
      this.config = model.transformerConfig();
      this.plan = plan;
    }

    @Override
    public void run(Clip clip) throws IOException {
      clip.sampling().advance((latents, timestep, step) -> predict(clip, latents, timestep, step));
    }

    private float[] predict(Clip clip, float[] latents, float timestep, int step) {
      if (clip.sampling().guider().isZero(step)) {
        return new float[latents.length];
      }
      WeightSource expert = expertAt(clip, step);
      try {
        load(expert, clip, step);
        if (step + 1 < clip.sampling().steps() && !expertAt(clip, step + 1).equals(expert)) {
          ExpertPages.expect(expertAt(clip, step + 1), config);
        }
        boolean together = plan.run().layerMajor();
        boolean guided = clip.sampling().guider().needsUnconditional(step);
        double passes = guided && !together ? 2 : 1;
        float[] velocity =
            new StepPredictions(
                    clip.sampling(),
                    session,
                    together,
                    branch -> tellBlocks(clip, step, passes > 1 ? branch : 0, passes))
                .velocity(latents, timestep, step);
        long now = session.uploadedBytes();
        clip.sampling().uploaded(now - uploadedBytes);
        uploadedBytes = now;
        return velocity;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (GgmlException e) {
        if (e.code() == ErrorCode.ABORTED) {
          throw new SamplingCancelledException(step, clip.sampling().steps());
        }
        throw e;
      }
    }

    private WeightSource expertAt(Clip clip, int step) {
      return experts.get(isHighNoise(clip, step) ? 0 : experts.size() - 1);
    }

    private void tellBlocks(Clip clip, int step, int passesDone, double passes) {
      session.onBlock(
          done ->
              clip.progress(
                  Stage.SAMPLE,
                  step + (passesDone + (double) done / transformer.blocks().size()) / passes,
                  clip.sampling().steps()));
    }

    private static boolean isHighNoise(Clip clip, int step) {
      return clip.sampling().experts().expert(step) == ExpertSchedule.Expert.HIGH_NOISE;
    }

    private void load(WeightSource expert, Clip clip, int step) throws IOException {
      List<float[]> prompts = clip.contexts();
      WanCondition pictures = clip.condition();
      boolean highNoise = isHighNoise(clip, step);
      double sigma = clip.sampling().sigma(step);
      List<Integer> wanted = clip.adapters().added(highNoise, sigma);
      if (!expert.equals(loaded) || !wanted.equals(added)) {
        if (loaded != null) {
          close();
          backend.renew(); // the other expert's graphs are not counted with this one's
        }
        loadWeights(expert, clip.adapters().network(highNoise, sigma));
        added = wanted;
      }
      if (session == null) {
        session = transformer.open(plan.run(), prompts, pictures);
      } else if (contexts != prompts || !pictures.equals(condition)) {
        session.restart(prompts, pictures);
      }
      if (clip.sampling().isMeasured() && contexts != prompts) {
        session.changes().ifPresent(BlockChanges::measure);
      }
      contexts = prompts;
      condition = pictures;
    }

    // Other adapters come with a new runner: OpenPipeline drops this one before it closes them.
    private void loadWeights(WeightSource expert, NetworkAdapters adapters) throws IOException {
      transformer =
          WanTransformer.open(
              backend,
              expert,
              config,
              plan.run().precision(),
              blocks -> plan.placement(),
              adapters);
      loaded = expert;
      uploadedBytes = 0;
    }

    @Override
    public boolean adapt(StagePlan other) {
      TransformerPlan next = other.details(TransformerPlan.class).orElseThrow();
      if (!next.placement().equals(plan.placement())
          || next.run().precision() != plan.run().precision()) {
        return false;
      }
      if (!next.run().equals(plan.run())) {
        closeSession();
      }
      plan = next;
      return true;
    }

    private void closeSession() {
      if (session != null) {
        session.close();
        session = null;
        contexts = null;
        condition = null;
      }
    }

    @Override
    public void close() {
      closeSession();
      if (transformer != null) {
        transformer.close();
        transformer = null;
      }
      loaded = null;
    }
  }
}
