// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.model.tae.TaeConfig;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.VideoPipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole runs of published models, planned without a weight file. */
class RunPlannerTest {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final ModelCatalog CATALOG = ModelCatalog.standard();
  private static final MemoryBudget UNLIMITED = new MemoryBudget(1L << 50, 1L << 50);

  private static RunPlanner planner(String id, String type) {
    return VideoPipeline.planner(facts(id, type));
  }

  private static ModelFacts facts(String id, String type) {
    Device cpu = Device.cpu();
    try (OpenModel model =
        OpenModel.toPlan(
            ModelSelection.none().withModel(id), Optional.of(type), CATALOG, resolver())) {
      return ModelFacts.of(model, cpu, 2, DeviceRates.assumed(cpu), Precision.AUTO);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ModelResolver resolver() {
    return new ModelResolver(
        CATALOG,
        () -> {
          throw new AssertionError("planning asked for the demo model");
        });
  }

  private static RunPlanner.Inputs pictures(long bytes) {
    return new RunPlanner.Inputs(bytes, RunPlanner.Start.NOISE, 0);
  }

  private static RunPlanner.Job job(String size, int frames) {
    return new RunPlanner.Job(
        FrameSize.parse(size), frames, 50, List.of(512, 512), Precision.AUTO, Integer.MAX_VALUE);
  }

  @Test
  void noPlanIsPredictedToBeFasterThanTheBound() {
    RunPlanner planner = planner("wan2.1-t2v-1.3b", "Q8_0");
    for (StepPasses passes :
        List.of(
            StepPasses.plain(50, 2),
            new StepPasses(20, 30, 0, 0, 0),
            new StepPasses(48, 0, 2, 300, 0))) {
      RunPlanner.Job whole = job("480x272", 33);
      RunPlanner.Job job =
          new RunPlanner.Job(
              whole.size(),
              whole.frames(),
              whole.steps(),
              whole.tokens(),
              whole.precision(),
              whole.maxResident(),
              passes,
              RunPlanner.Inputs.NONE);
      assertThat(planner.leastSeconds(job))
          .isPositive()
          .isLessThanOrEqualTo(planner.plan(job, UNLIMITED).seconds() * (1 + 1e-9));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "wan2.1-t2v-14b, Q4_K, 832x480, 4096",
    "wan2.2-t2v-a14b, Q4_K, 832x480, 4096",
    "wan2.1-t2v-14b, q4_k_m, 832x480, 4096",
    "wan2.1-t2v-14b, Q4_K, 1280x720, 6144",
    "wan2.2-t2v-a14b, Q4_K, 1280x720, 6144",
    "wan2.1-t2v-1.3b, Q8_0, 832x480, 2048",
    "wan2.1-vace-14b, Q4_K, 832x480, 5120",
    "wan2.1-vace-1.3b, Q8_0, 832x480, 2048"
  })
  void theTargetsAreMet(String id, String type, String size, long mib) {
    int live = Ggml.liveObjects();
    MemoryBudget budget = new MemoryBudget(mib * MIB, 16 * GIB);
    RunPlan plan = planner(id, type).plan(job(size, 81), budget);
    // A control video is encoded, too.
    assertThat(plan.stages()).hasSize(id.contains("vace") ? 4 : 3);
    for (StagePlan stage : plan.stages()) {
      assertThat(stage.device().peak()).isPositive().isLessThanOrEqualTo(mib * MIB);
      assertThat(stage.host().total()).isLessThanOrEqualTo(16 * GIB);
    }
    assertThat(plan.transformer().placement().slots()).isNotEqualTo(1);
    assertThat(Ggml.liveObjects()).isEqualTo(live);
  }

  /** Its frames come one by one: 81 take no more than 33. */
  @Test
  void aWholeClipsSmallDecoderTakesLessThan300Mib() {
    TaeFile tae = new TaeFile(Path.of("taew2_1.safetensors"), TaeConfig.wan21());
    RunPlanner planner = VideoPipeline.planner(facts("wan2.1-t2v-1.3b", "Q8_0").withTae(tae));
    DeviceBytes whole = planner.plan(job("832x480", 81), UNLIMITED).stage(Stage.DECODE).device();
    assertThat(whole.peak()).isBetween(100 * MIB, 300 * MIB);
    assertThat(planner.plan(job("832x480", 33), UNLIMITED).stage(Stage.DECODE).device())
        .isEqualTo(whole);
  }

  @ParameterizedTest
  @CsvSource({"832x480, 4096", "1280x720, 6144"})
  void aPictureIsEncodedWithinTheTargets(String size, long mib) {
    RunPlanner.Job text = job(size, 81);
    long pictureBytes = 64 * MIB;
    RunPlanner.Job job =
        new RunPlanner.Job(
            text.size(),
            text.frames(),
            text.steps(),
            text.tokens(),
            text.precision(),
            text.maxResident(),
            text.passes(),
            pictures(pictureBytes));
    RunPlanner planner = planner("wan2.2-i2v-a14b", "Q4_K");
    RunPlan plan = planner.plan(job, new MemoryBudget(mib * MIB, 16 * GIB));
    assertThat(plan.stages())
        .extracting(StagePlan::stage)
        .containsExactly(Stage.TEXT, Stage.ENCODE, Stage.SAMPLE, Stage.DECODE);
    assertThat(plan.peakDeviceBytes()).isLessThanOrEqualTo(mib * MIB);
    assertThat(plan.transformer().placement().slots()).isNotEqualTo(1);
    assertThat(plan.stage(Stage.ENCODE).host().heap()).isGreaterThan(pictureBytes);
    // Bands and frames on the host make it fit where it would not.
    MemoryBudget tight = new MemoryBudget(1024 * MIB, 16 * GIB);
    assertThat(planner.replan(plan, Stage.ENCODE, job, tight).stage(Stage.ENCODE).device().peak())
        .isLessThanOrEqualTo(1024 * MIB)
        .isLessThan(plan.stage(Stage.ENCODE).device().peak());
    assertThat(planner.plan(text, UNLIMITED).stages()).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({"832x480, 2560", "1280x720, 4096", "1920x1088, 8192"})
  void thePromptsKeysMakeRoomForTheLeastThatIsPromised(String size, long mib) {
    MemoryBudget budget = new MemoryBudget(mib * MIB, 16 * GIB);
    RunPlan plan = planner("wan2.1-t2v-14b", "q4_k_m").plan(job(size, 81), budget);
    assertThat(plan.peakDeviceBytes()).isLessThanOrEqualTo(mib * MIB);
    assertThat(plan.transformer().run().keepsTextKeys()).isFalse();
  }

  @Test
  void thePromptsKeysAreKeptWhereThatCostsNothing() {
    RunPlan plan = planner("wan2.1-t2v-1.3b", "Q8_0").plan(job("832x480", 81), UNLIMITED);
    assertThat(plan.transformer().run().keepsTextKeys()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"832x480, 1024", "1280x720, 1536"})
  void theVaeMeetsItsTargets(String size, long mib) {
    RunPlanner planner = planner("wan2.1-t2v-14b", "Q4_K");
    RunPlan free = planner.plan(job(size, 81), UNLIMITED);
    MemoryBudget budget = new MemoryBudget(mib * MIB, 16 * GIB);
    RunPlan tight = planner.replan(free, Stage.DECODE, job(size, 81), budget);
    assertThat(tight.stage(Stage.DECODE).device().peak()).isLessThanOrEqualTo(mib * MIB);
    assertThat(tight.transformer()).isEqualTo(free.transformer());
  }

  @Test
  void aRefusalNamesTheSmallestBudgetForAllStages() {
    RunPlanner planner = planner("wan2.1-t2v-1.3b", "Q8_0");
    RunPlanner.Job job = job("832x480", 81);
    assertThatThrownBy(() -> planner.plan(job, new MemoryBudget(10 * MIB, 16 * GIB)))
        .isInstanceOfSatisfying(
            MemoryBudgetException.class,
            e -> {
              assertThat(e).hasMessageContaining("10.0 MiB").hasMessageContaining("at least");
              MemoryBudget enough = new MemoryBudget(e.neededBytes(), 16 * GIB);
              assertThat(planner.plan(job, enough).peakDeviceBytes()).isEqualTo(e.neededBytes());
              assertThatThrownBy(
                      () -> planner.plan(job, enough.withDeviceBytes(e.neededBytes() - 1)))
                  .isInstanceOf(MemoryBudgetException.class);
            });
  }

  @Test
  void alternativesAreTheLargestThatFit() {
    RunPlanner planner = planner("wan2.1-t2v-14b", "Q4_K");
    MemoryBudget budget = new MemoryBudget(3584 * MIB, 16 * GIB);
    RunPlanner.Job job = job("1280x720", 81);
    RunPlanner.Alternatives fitting =
        planner.alternatives(job, budget, CATALOG.require("wan2.1-t2v-14b").sizes());
    int frames = fitting.frames().orElseThrow();
    assertThat(frames).isBetween(5, 77);
    assertThat(frames % 4).isEqualTo(1);
    assertThat(planner.plan(job.with(job.size(), frames), budget).peakDeviceBytes())
        .isLessThanOrEqualTo(3584 * MIB);
    assertThatThrownBy(() -> planner.plan(job.with(job.size(), frames + 4), budget))
        .isInstanceOf(MemoryBudgetException.class);
    assertThat(fitting.size()).contains(new FrameSize(832, 480));
  }

  @Test
  void nothingIsOfferedWhereNothingFits() {
    RunPlanner planner = planner("wan2.1-t2v-14b", "Q4_K");
    RunPlanner.Alternatives fitting =
        planner.alternatives(
            job("832x480", 81), new MemoryBudget(MIB, 16 * GIB), List.of(new FrameSize(480, 272)));
    assertThat(fitting.frames()).isEmpty();
    assertThat(fitting.size()).isEmpty();
  }

  @Test
  void hostMemoryIsABudgetToo() {
    RunPlanner planner = planner("wan2.1-t2v-1.3b", "Q8_0");
    RunPlanner.Job job = job("832x480", 81);
    long host = planner.plan(job, new MemoryBudget(2 * GIB, 16 * GIB)).hostBytes();
    assertThat(host).isBetween(100 * MIB, 4 * GIB);
    assertThatThrownBy(() -> planner.plan(job, new MemoryBudget(2 * GIB, 100 * MIB)))
        .isInstanceOfSatisfying(
            MemoryBudgetException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(MemoryBudgetException.Kind.HOST);
              assertThat(e)
                  .hasMessageContaining("of host memory")
                  .hasMessageContaining("100.0 MiB");
            });
  }

  @Test
  void aCpuDeviceSharesItsBudgetWithTheRestOfTheRun() {
    RunPlanner planner = planner("wan2.1-t2v-1.3b", "Q8_0");
    RunPlan plan = planner.plan(job("832x480", 33), new MemoryBudget(3 * GIB, 3 * GIB, true));
    assertThat(plan.peakDeviceBytes() + plan.hostBytes()).isLessThanOrEqualTo(3 * GIB);
  }

  @ParameterizedTest
  @CsvSource({
    "wan2.1-i2v-14b-480p, 832x480, 4096",
    "wan2.1-i2v-14b-720p, 1280x720, 6144",
    "wan2.1-flf2v-14b-720p, 1280x720, 6144"
  })
  void picturesThatClipSeesArePlannedAsAStage(String id, String size, long mib) {
    MemoryBudget budget = new MemoryBudget(mib * MIB, 16 * GIB);
    RunPlanner.Job text = job(size, 81);
    RunPlanner.Job job =
        new RunPlanner.Job(
            text.size(),
            text.frames(),
            text.steps(),
            text.tokens(),
            text.precision(),
            text.maxResident(),
            text.passes(),
            pictures(40 * MIB));
    RunPlan plan = planner(id, "Q4_K").plan(job, budget);
    assertThat(plan.stages())
        .extracting(StagePlan::stage)
        .containsExactly(Stage.TEXT, Stage.SEE, Stage.ENCODE, Stage.SAMPLE, Stage.DECODE);
    assertThat(plan.peakDeviceBytes()).isLessThanOrEqualTo(mib * MIB);
    assertThat(plan.stage(Stage.SEE).device().peak()).isBetween(MIB, 128 * MIB);
  }

  @Test
  void fiveBillionParametersMakeFiveSecondsIn6GiB() {
    MemoryBudget budget = new MemoryBudget(6 * GIB, 16 * GIB);
    RunPlan plan = planner("wan2.2-ti2v-5b", "Q8_0").plan(job("1280x704", 121), budget);
    assertThat(plan.isComplete()).isTrue();
    assertThat(plan.peakDeviceBytes()).isLessThanOrEqualTo(6 * GIB);
    assertThat(plan.stage(Stage.DECODE).device().peak()).isPositive();
    assertThat(plan.transformer().run().grid().tokens()).isEqualTo(31 * 22 * 40);
  }
}
