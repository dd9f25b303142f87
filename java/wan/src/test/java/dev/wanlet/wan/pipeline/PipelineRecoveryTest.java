// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that meet less memory than planned, or are stopped. */
class PipelineRecoveryTest {
  @TempDir Path folder;
  private int liveBefore;
  private ModelFiles files;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    files =
        new ModelResolver(ModelCatalog.standard(), PipelineRecoveryTest::demo)
            .resolve(ModelSelection.none());
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private static Path demo() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private VideoPipeline pipeline(Consumer<Backend> onOpen) {
    return new VideoPipeline(
        files, (device, threads) -> DeviceRates.assumed(device), onOpen, VideoPipeline.STAGES);
  }

  private GenerationRequest request(String file) {
    return GenerationRequest.builder()
        .prompt("a yellow star moving up on a navy background")
        .seed(7)
        .steps(5)
        .frames(9)
        .output(folder.resolve(file))
        .compute(
            new ComputeSettings(
                "CPU",
                OptionalInt.of(1),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Precision.AUTO))
        .build(files.model());
  }

  private static void assertSameFrames(Path actual, Path expected) throws IOException {
    assertThat(VideoReader.readAll(actual))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(expected));
  }

  /** Hears of every plan, and may cancel. */
  private static class Recorder implements GenerationListener {
    final List<RunPlan> plans = new ArrayList<>();

    @Override
    public void planned(RunPlan plan) {
      plans.add(plan);
    }

    @Override
    public void progress(Stage stage, double done, int total) {}
  }

  private GenerationResult generate(VideoPipeline pipeline, String file, Recorder recorder)
      throws IOException {
    return pipeline.generate(request(file), RunOptions.defaults().withListener(recorder));
  }

  @Test
  void lessMemoryThanPlannedMeansASmallerPlanAndTheSameFrames() throws IOException {
    Recorder free = new Recorder();
    GenerationResult whole = generate(pipeline(backend -> {}), "whole.mp4", free);
    assertThat(free.plans).hasSize(1);
    RunPlan plan = free.plans.get(0);
    long less = plan.stage(Stage.SAMPLE).device().peak() * 3 / 4;

    Recorder recorder = new Recorder();
    GenerationResult result =
        generate(pipeline(b -> b.deviceMemory().limit(less)), "less.mp4", recorder);
    assertThat(recorder.plans).hasSizeGreaterThan(1);
    RunPlan last = recorder.plans.get(recorder.plans.size() - 1);
    assertThat(last.stage(Stage.SAMPLE).device().buffers()).isLessThanOrEqualTo(less);
    assertThat(last.transformer()).isNotEqualTo(plan.transformer());
    assertThat(result.measuredPeakBytes()).isLessThanOrEqualTo(less);
    assertThat(result.plannedPeakBytes()).isGreaterThanOrEqualTo(result.measuredPeakBytes());
    assertThat(result.stepSeconds()).hasSize(5);
    assertSameFrames(result.output(), whole.output());
  }

  @Test
  void memoryThatNoPlanFitsEndsTheRunWithTheNumbers() {
    Recorder recorder = new Recorder();
    VideoPipeline pipeline = pipeline(b -> b.deviceMemory().limit(100_000));
    assertThatThrownBy(() -> generate(pipeline, "none.mp4", recorder))
        .isInstanceOfSatisfying(
            MemoryBudgetException.class, e -> assertThat(e.neededBytes()).isGreaterThan(100_000));
    assertThat(folder.resolve("none.mp4")).doesNotExist();
  }

  @Test
  void aStoppedRunSavesItsLastFinishedStepByItself() throws IOException {
    GenerationResult whole = generate(pipeline(backend -> {}), "whole.mp4", new Recorder());
    Cancellation cancellation = new Cancellation();
    Recorder stopper =
        new Recorder() {
          @Override
          public void progress(Stage stage, double done, int total) {
            if (stage.equals(Stage.SAMPLE) && done > 2.4) {
              cancellation.cancel();
            }
          }
        };
    GenerationRequest request = request("stopped.mp4");
    VideoPipeline pipeline = pipeline(backend -> {});
    // Without a wish for checkpoints, so that the one there is comes from stopping.
    assertThatThrownBy(
            () ->
                pipeline.generate(
                    request,
                    RunOptions.defaults().withListener(stopper).withCancellation(cancellation)))
        .isInstanceOf(SamplingCancelledException.class);
    RunCheckpoint saved = RunCheckpoint.load(RunCheckpoint.fileFor(request.output()));
    assertThat(saved.sampler().nextStep()).isEqualTo(2);
    GenerationResult resumed = pipeline.generate(request, RunOptions.defaults().resuming(saved));
    assertThat(resumed.stepSeconds()).hasSize(3);
    assertSameFrames(resumed.output(), whole.output());
  }
}
