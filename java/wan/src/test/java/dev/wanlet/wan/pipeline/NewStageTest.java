// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.DeviceBytes;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.HostBytes;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StagePlanner;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A further stage is one class and one place in the list: it is planned, run, told of and closed.
 */
class NewStageTest {
  private static final Stage LOOK = new Stage("look", "onlooker", "glances");
  private static final long BYTES = 32 << 20; // more than any other stage of the demo model takes

  @TempDir Path folder;

  /** Takes memory and looks at the latents. */
  private static final class LookStage implements ClipStage {
    final List<String> told = new ArrayList<>();

    @Override
    public StagePlanner planner(ModelFacts facts) {
      return new StagePlanner() {
        @Override
        public Stage stage() {
          return LOOK;
        }

        @Override
        public StagePlan plan(RunPlanner.Job job, MemoryBudget budget) {
          if (budget.deviceBytes() < BYTES) {
            throw new MemoryBudgetException("the onlooker", BYTES, budget.deviceBytes(), "");
          }
          return StagePlan.of(
              LOOK,
              new DeviceBytes(BYTES, 0, 0, 0, 0, 0),
              new HostBytes(0, 0, 0, 0),
              OptionalDouble.of(1),
              "looks");
        }
      };
    }

    @Override
    public void requireWeights(OpenModel model) {
      told.add("looked at weights");
    }

    @Override
    public int units(Clip clip) {
      return 1;
    }

    @Override
    public StageRunner open(OpenModel model, Backend backend, StagePlan plan) {
      Buffer buffer = backend.allocate(plan.device().weights());
      return new StageRunner() {
        @Override
        public void run(Clip clip) {
          told.add("run after step " + clip.sampling().stepsDone());
          clip.progress(LOOK, 1, 1);
        }

        @Override
        public void close() {
          told.add("close");
          buffer.close();
        }
      };
    }
  }

  private static Path demo() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private GenerationRequest request(ModelFiles files, OptionalLong budget) {
    return GenerationRequest.builder()
        .prompt("a red circle")
        .seed(1)
        .steps(2)
        .frames(5)
        .output(folder.resolve("clip.png"))
        .compute(
            new ComputeSettings(
                "CPU", OptionalInt.of(1), budget, OptionalLong.empty(), Precision.AUTO))
        .build(files.model());
  }

  @Test
  void aStageInTheListIsPlannedRunAndClosed() throws IOException {
    int live = Ggml.liveObjects();
    ModelFiles files =
        new ModelResolver(ModelCatalog.standard(), NewStageTest::demo)
            .resolve(ModelSelection.none());
    LookStage look = new LookStage();
    List<ClipStage> stages = new ArrayList<>(VideoPipeline.STAGES);
    stages.add(stages.size() - 1, look);
    VideoPipeline pipeline =
        new VideoPipeline(
            files, (device, threads) -> DeviceRates.assumed(device), backend -> {}, stages);
    List<RunPlan> plans = new ArrayList<>();
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void planned(RunPlan plan) {
            plans.add(plan);
          }

          @Override
          public void progress(Stage stage, double done, int total) {}
        };
    GenerationResult result =
        pipeline.generate(
            request(files, OptionalLong.empty()), RunOptions.defaults().withListener(listener));
    assertThat(plans.get(0).peakDeviceBytes()).isEqualTo(BYTES);
    assertThat(plans.get(0).summary()).contains("onlooker 32.0 MiB");
    assertThat(result.stageSeconds().keySet())
        .containsExactly(Stage.TEXT, Stage.SAMPLE, LOOK, Stage.DECODE);
    assertThat(result.measuredPeakBytes()).isEqualTo(BYTES);
    assertThat(look.told).containsExactly("looked at weights", "run after step 2", "close");
    assertThatThrownBy(() -> pipeline.plan(request(files, OptionalLong.of(BYTES - 1))))
        .isInstanceOf(MemoryBudgetException.class)
        .hasMessageContaining("the onlooker");
    assertThat(Ggml.liveObjects()).isEqualTo(live);
  }
}
