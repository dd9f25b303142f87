// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.cli.bench.StageTimes;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The first steps of a clip through the pipeline itself, with the card's memory watched meanwhile.
 * Immutable.
 *
 * @param plan what the pipeline planned
 * @param stepSeconds time of each step; the first one also loads weights
 * @param stageSeconds time of each finished stage
 * @param heldBytes bytes in ggml's buffers after the last step
 * @param card what the driver saw meanwhile
 * @param latents after the last step
 */
record StepTrial(
    RunPlan plan,
    List<Double> stepSeconds,
    Map<Stage, Double> stageSeconds,
    long heldBytes,
    CardUse card,
    float[] latents) {
  private static final String PROMPT = "a red circle moving left on a black background";
  private static final int SEED = 1;

  /** What is asked of a trial besides the clip. */
  record Conditions(OptionalLong budgetBytes, int maxResident, int steps, int stepsToRun) {}

  /** Something to do with a run whose measured steps are done. */
  @FunctionalInterface
  interface Afterwards {
    void accept(SamplingRun run) throws IOException;
  }

  static StepTrial run(Kit kit, ModelFiles files, ClipJob job, Conditions conditions)
      throws IOException {
    return run(kit, files, job, conditions, r -> {});
  }

  static StepTrial run(
      Kit kit, ModelFiles files, ClipJob job, Conditions conditions, Afterwards afterwards)
      throws IOException {
    StageTimes listener = new StageTimes();
    try (CardMemory watch = CardMemory.watch(kit);
        OpenPipeline pipeline = new VideoPipeline(files, kit.rates()).open();
        SamplingRun run =
            pipeline.start(
                request(kit, files, job, conditions),
                // Each trial begins anew: one that went on with another's steps would compare
                // nothing.
                RunOptions.defaults().overwritingSaved().withListener(listener))) {
      List<Double> seconds = new ArrayList<>();
      for (int i = 0; i < conditions.stepsToRun(); i++) {
        long start = System.nanoTime();
        run.step();
        seconds.add((System.nanoTime() - start) / 1e9);
      }
      StepTrial trial =
          new StepTrial(
              listener.plan(),
              seconds,
              listener.seconds(),
              pipeline.lease().heldBytes(),
              watch.use(),
              run.latents());
      afterwards.accept(run);
      return trial;
    }
  }

  private static GenerationRequest request(
      Kit kit, ModelFiles files, ClipJob job, Conditions conditions) {
    return GenerationRequest.builder()
        .prompt(PROMPT)
        .negativePrompt("")
        .seed(SEED)
        .size(job.size().width(), job.size().height())
        .frames(job.frames())
        .steps(conditions.steps())
        .guidanceScale(5)
        .set(Settings.MAX_RESIDENT, conditions.maxResident())
        .compute(
            new ComputeSettings(
                kit.device().name(),
                OptionalInt.empty(),
                conditions.budgetBytes(),
                OptionalLong.empty(),
                Precision.AUTO))
        .output(kit.work().resolve("never-written_%04d.png"))
        .build(files.model());
  }

  /** Most bytes that the plan allows while sampling: an open pipeline keeps the text encoder. */
  long plannedPeakBytes() {
    return plannedBufferBytes() + plan.stage(Stage.SAMPLE).device().hidden();
  }

  /** The part of them in ggml's buffers. */
  long plannedBufferBytes() {
    return plan.stage(Stage.TEXT).device().buffers() + plan.stage(Stage.SAMPLE).device().buffers();
  }

  /** The plan's figures and the measured ones side by side. */
  Facts facts() {
    Facts facts =
        new Facts()
            .put("resident_blocks", plan.transformer().placement().resident())
            .put("blocks", plan.transformer().placement().blocks())
            .put("upload_bytes_per_step", plan.transformer().uploadBytesPerStep())
            .put("planned_peak_bytes", plannedPeakBytes())
            .put("planned_hidden_bytes", plan.stage(Stage.SAMPLE).device().hidden())
            .put("planned_buffer_bytes", plannedBufferBytes())
            .put("held_bytes", heldBytes)
            .put("predicted_step_seconds", plan.transformer().stepSeconds())
            .put("step_seconds", stepSeconds);
    return card.addTo(facts);
  }

  /** Time of a step that loads nothing for the first time. */
  double bestStep() {
    return stepSeconds.stream().mapToDouble(d -> d).min().orElse(Double.NaN);
  }
}
