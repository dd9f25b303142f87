// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StagePlanner;
import dev.wanlet.wan.memory.VisionPlan;
import dev.wanlet.wan.memory.VisionStagePlanner;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.clip.ClipVision;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Pictures become the features that cross-attention sees beside the prompt. Immutable. */
final class VisionStage implements ClipStage {
  @Override
  public StagePlanner planner(ModelFacts facts) {
    return new VisionStagePlanner(facts);
  }

  @Override
  public void requireWeights(OpenModel model) throws IOException {
    Optional<ClipConfig> config = model.imageEncoderConfig();
    if (config.isEmpty()) {
      return;
    }
    int tokens = config.get().tokens();
    if (tokens != WanConfig.PICTURE_TOKENS) {
      throw new WeightFormatException(
          model.imageEncoder().files().get(0),
          "this CLIP image encoder makes "
              + tokens
              + " rows of a picture, the transformer sees "
              + WanConfig.PICTURE_TOKENS
              + "; give that of ViT-H/14");
    }
    new SourceReader(model.imageEncoder())
        .require(ClipVision.layout(config.get(), TypePolicy.ALL_F32));
  }

  @Override
  public int units(Clip clip) {
    return clip.request().pictures().files().size();
  }

  @Override
  public boolean isDone(Clip clip) {
    return clip.hasInputsEncoded();
  }

  @Override
  public StageRunner open(OpenModel model, Backend backend, StagePlan plan) throws IOException {
    VisionPlan details = plan.details(VisionPlan.class).orElseThrow();
    return new Runner(
        ClipVision.open(
            backend,
            model.imageEncoder(),
            model.imageEncoderConfig().orElseThrow(),
            details.precision(),
            blocks -> details.placement()));
  }

  private static final class Runner implements StageRunner {
    private final ClipVision tower;

    Runner(ClipVision tower) {
      this.tower = tower;
    }

    @Override
    public void run(Clip clip) throws IOException {
      List<float[]> pictures = clip.pictures().orElseThrow().seen();
      clip.features(tower.encode(pictures));
      clip.progress(Stage.SEE, pictures.size(), pictures.size());
    }

    @Override
    public void close() {
      tower.close();
    }
  }
}
