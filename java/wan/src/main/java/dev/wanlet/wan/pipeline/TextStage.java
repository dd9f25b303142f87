// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StagePlanner;
import dev.wanlet.wan.memory.TextPlan;
import dev.wanlet.wan.memory.TextStagePlanner;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.TypePolicy;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;

/** Prompts become the rows that cross-attention sees. Immutable. */
final class TextStage implements ClipStage {
  private static final System.Logger LOG = System.getLogger(TextStage.class.getName());

  @Override
  public StagePlanner planner(ModelFacts facts) {
    return new TextStagePlanner(facts);
  }

  @Override
  public void requireWeights(OpenModel model) throws IOException {
    new SourceReader(model.textEncoder())
        .require(Umt5Encoder.layout(model.textConfig(), TypePolicy.ALL_F32));
  }

  @Override
  public int units(Clip clip) {
    return clip.prompts().missing().size();
  }

  @Override
  public boolean isDone(Clip clip) {
    boolean known = !clip.contexts().isEmpty();
    if (known) {
      LOG.log(Level.DEBUG, "all prompts are kept from earlier runs; no text encoder is loaded");
    }
    return known;
  }

  @Override
  public StageRunner open(OpenModel model, Backend backend, StagePlan plan) throws IOException {
    TextPlan details = plan.details(TextPlan.class).orElseThrow();
    return new Runner(encoder(model, backend, details), details);
  }

  private static Umt5Encoder encoder(OpenModel model, Backend backend, TextPlan plan)
      throws IOException {
    return Umt5Encoder.open(
        backend,
        model.textEncoder(),
        model.textConfig(),
        plan.precision(),
        blocks -> plan.placement());
  }

  private static final class Runner implements StageRunner {
    private final Umt5Encoder encoder;
    private final TextPlan plan;

    Runner(Umt5Encoder encoder, TextPlan plan) {
      this.encoder = encoder;
      this.plan = plan;
    }

    @Override
    public void run(Clip clip) throws IOException {
      List<int[]> missing = clip.prompts().missing();
      clip.contexts(clip.prompts().complete(encoder.encode(missing)));
      int prompts = missing.size();
      clip.progress(Stage.TEXT, prompts, prompts);
    }

    // Only the prompts differ: memory for them is taken while they are encoded.
    @Override
    public boolean adapt(StagePlan other) {
      return other
          .details(TextPlan.class)
          .filter(p -> p.placement().equals(plan.placement()))
          .filter(p -> p.precision() == plan.precision())
          .isPresent();
    }

    @Override
    public void close() {
      encoder.close();
    }
  }
}
