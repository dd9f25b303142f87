// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.Recipes;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The targets of the design, planned without weights, and what a planner must never do. */
class TransformerPlannerTest {
  private static final WanConfig WAN_14B =
      new WanConfig(WanVariant.T2V, 16, 16, 5120, 13824, 256, 4096, 40);
  private static final WanConfig WAN_1_3B =
      new WanConfig(WanVariant.T2V, 16, 16, 1536, 8960, 256, 4096, 30);
  private static final long GIB = 1L << 30;
  private static final PromptRows LONGEST = new PromptRows(512);

  private static TransformerPlanner planner(WanConfig config, String type) {
    Device cpu = Device.cpu();
    return new TransformerPlanner(config, planned(type), cpu, 2, DeviceRates.assumed(cpu));
  }

  private static TypePolicy planned(String recipe) {
    return SourceTypes.planned(
        Recipes.parse(recipe), CheckpointKind.TRANSFORMER, Precision.AUTO, Device.cpu());
  }

  private static TransformerPlanner.Job job(int width, int height, int frames) {
    TokenGrid grid = TokenGrid.ofLatents((frames - 1) / 4 + 1, height / 8, width / 8);
    return new TransformerPlanner.Job(
        grid, List.of(LONGEST, LONGEST), 1, Precision.AUTO, Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({
    "14, Q4_K, 832, 480, 81, 4",
    "14, Q4_K, 1280, 720, 81, 6",
    "14, Q4_K_M, 832, 480, 81, 4",
    "1, Q8_0, 832, 480, 81, 2"
  })
  void meetsTheTargets(int size, String type, int width, int height, int frames, int gib) {
    int live = Ggml.liveObjects();
    TransformerPlan plan =
        planner(size == 14 ? WAN_14B : WAN_1_3B, type).plan(job(width, height, frames), gib * GIB);
    assertThat(plan.peakDeviceBytes()).isLessThanOrEqualTo(gib * GIB);
    assertThat(plan.placement().slots()).isNotEqualTo(1);
    assertThat(Ggml.liveObjects()).isEqualTo(live);
  }

  @Test
  void moreMemoryIsNeverSlower() {
    TransformerPlanner planner = planner(WAN_1_3B, "Q8_0");
    TransformerPlanner.Job job = job(832, 480, 33);
    double last = Double.MAX_VALUE;
    for (long mib = 768; mib <= 6144; mib *= 2) {
      TransformerPlan plan = planner.plan(job, mib << 20);
      assertThat(plan.peakDeviceBytes()).isLessThanOrEqualTo(mib << 20);
      // Times within two percent count as equal.
      assertThat(plan.stepSeconds()).isLessThanOrEqualTo(last * 1.02);
      last = plan.stepSeconds();
    }
    assertThat(planner.plan(job, 64 * GIB).placement().isAllResident()).isTrue();
  }

  @Test
  void ofPlansThatTakeTheSameTimeTheOneThatUploadsLeastWins() {
    // So slow a device that no upload can keep it waiting.
    Device cpu = Device.cpu();
    TransformerPlanner planner =
        new TransformerPlanner(
            WAN_14B, planned("Q4_K"), cpu, 2, new DeviceRates(1e9, 1e12, "a test"));
    TransformerPlan plan = planner.plan(job(832, 480, 81), 4 * GIB);
    assertThat(plan.run().layerMajor()).isTrue();
    assertThat(plan.placement().slots()).isNotEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 80", "2, 1", "2, 100", "3, 63"})
  void smallNetworksAndClipsPlanAtAnyBudget(int layers, int columns) {
    WanConfig small = new WanConfig(WanVariant.T2V, 16, 16, 256, 768, 256, 256, layers);
    TransformerPlanner planner = planner(small, "F16");
    TransformerPlanner.Job job =
        new TransformerPlanner.Job(
            new TokenGrid(1, 1, columns),
            List.of(new PromptRows(3)),
            1,
            Precision.AUTO,
            Integer.MAX_VALUE);
    long least = planner.smallest(job).peakDeviceBytes();
    assertThatThrownBy(() -> planner.plan(job, least - 1))
        .isInstanceOf(MemoryBudgetException.class);
    for (long budget = least; budget < 4 * least; budget += least / 7) {
      assertThat(planner.plan(job, budget).peakDeviceBytes()).isLessThanOrEqualTo(budget);
    }
    assertThat(planner.plan(job, GIB).placement().isAllResident()).isTrue();
  }

  @Test
  void theSmallestPlanIsTheSmallestOfAll() {
    TransformerPlanner planner = planner(WAN_1_3B, "Q4_K");
    TransformerPlanner.Job job = job(832, 480, 81);
    long least = planner.smallest(job).peakDeviceBytes();
    for (long budget = least; budget < 4 * GIB; budget += 200 << 20) {
      assertThat(planner.plan(job, budget).peakDeviceBytes()).isBetween(least, budget);
    }
  }

  @Test
  void twoExpertsArePlannedForTheLarger() {
    Device cpu = Device.cpu();
    DeviceRates rates = DeviceRates.assumed(cpu);
    TransformerPlanner both =
        new TransformerPlanner(WAN_1_3B, List.of(planned("Q4_K"), planned("Q8_0")), cpu, 2, rates);
    TransformerPlanner.Job job = job(256, 256, 9);
    assertThat(both.plan(job, 64 * GIB).deviceBytes().buffers())
        .isEqualTo(planner(WAN_1_3B, "Q8_0").plan(job, 64 * GIB).deviceBytes().buffers());
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheSmallestBudgetThatWould() {
    TransformerPlanner planner = planner(WAN_1_3B, "Q8_0");
    TransformerPlanner.Job job = job(832, 480, 81);
    assertThatThrownBy(() -> planner.plan(job, 10 << 20))
        .isInstanceOfSatisfying(
            MemoryBudgetException.class,
            e -> {
              assertThat(e.neededBytes()).isEqualTo(planner.smallest(job).peakDeviceBytes());
              assertThat(planner.plan(job, e.neededBytes()).peakDeviceBytes())
                  .isLessThanOrEqualTo(e.neededBytes());
              assertThatThrownBy(() -> planner.plan(job, e.neededBytes() - 1))
                  .isInstanceOf(MemoryBudgetException.class);
            });
  }

  @Test
  void anUpperBoundOnResidentBlocksIsKept() {
    TransformerPlanner planner = planner(WAN_1_3B, "Q8_0");
    TransformerPlanner.Job all = job(256, 256, 9);
    TransformerPlanner.Job five =
        new TransformerPlanner.Job(all.grid(), all.prompts(), 1, Precision.AUTO, 5);
    assertThat(planner.plan(all, 64 * GIB).placement().resident()).isEqualTo(30);
    assertThat(planner.plan(five, 64 * GIB).placement().resident()).isLessThanOrEqualTo(5);
  }
}
