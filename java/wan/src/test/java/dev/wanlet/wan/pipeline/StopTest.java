// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A run that is stopped says so, whatever it was doing, and leaves what can be resumed. */
class StopTest {
  @TempDir Path folder;
  private int liveBefore;
  private VideoPipeline pipeline;
  private GenerationRequest request;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    ModelFiles files =
        new ModelResolver(ModelCatalog.standard(), StopTest::demo).resolve(ModelSelection.none());
    pipeline = new VideoPipeline(files);
    request =
        GenerationRequest.builder()
            .prompt("a red circle moving left on a black background")
            .seed(42)
            .steps(2)
            .frames(1)
            .output(folder.resolve("clip.png"))
            .compute(
                new ComputeSettings(
                    "CPU",
                    OptionalInt.of(1),
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    Precision.AUTO))
            .build(files.model());
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

  private static List<Stage> stages() {
    return List.of(Stage.TEXT, Stage.SAMPLE, Stage.DECODE);
  }

  @ParameterizedTest
  @MethodSource("stages")
  void stoppingAsAStageStartsIsACancellation(Stage stage) {
    Cancellation cancellation = new Cancellation();
    GenerationListener stop =
        new GenerationListener() {
          @Override
          public void stageStarted(Stage started, int total) {
            if (started.equals(stage)) {
              cancellation.cancel();
            }
          }

          @Override
          public void progress(Stage running, double done, int total) {}
        };
    assertThatThrownBy(
            () ->
                pipeline.generate(
                    request,
                    RunOptions.defaults().withListener(stop).withCancellation(cancellation)))
        .isInstanceOf(CancellationException.class);
    assertThat(request.output()).doesNotExist();
  }

  @Test
  void stepsThatAreDoneAreSavedWhenTheRunIsStopped() throws IOException {
    Cancellation cancellation = new Cancellation();
    GenerationListener stop =
        (stage, done, total) -> {
          if (stage.equals(Stage.SAMPLE) && done > 1.1) {
            cancellation.cancel();
          }
        };
    assertThatThrownBy(
            () ->
                pipeline.generate(
                    request,
                    RunOptions.defaults().withListener(stop).withCancellation(cancellation)))
        .isInstanceOf(SamplingCancelledException.class);
    RunCheckpoint saved = RunCheckpoint.load(RunCheckpoint.fileFor(request.output()));
    assertThat(saved.sampler().nextStep()).isEqualTo(1);
    SamplerState state = saved.sampler();
    SamplerState other =
        new SamplerState(
            state.method(), state.nextStep(), new float[] {1, 0.7f, 0}, state.history());
    RunCheckpoint otherSchedule =
        new RunCheckpoint(saved.settings(), saved.shape(), saved.latents(), other, List.of());
    assertThatThrownBy(
            () -> pipeline.generate(request, RunOptions.defaults().resuming(otherSchedule)))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("noise levels");
  }
}
