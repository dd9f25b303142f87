// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A run that is stopped says so, whatever it was doing, and leaves what can be resumed. */
class StopTest extends DemoRuns {
  private GenerationRequest request;

  @BeforeEach
  void ask() {
    request =
        GenerationRequest.builder()
            .prompt("a red circle moving left on a black background")
            .seed(42)
            .steps(2)
            .frames(1)
            .output(folder.resolve("clip.png"))
            .compute(ONE_THREAD)
            .build(files.model());
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
    RunCheckpoint saved = Clips.stopped(pipeline, request);
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

  @Test
  void aRunDoesNotGoOnWithOtherWeightsOfTheSameName() throws IOException {
    Path transformer = folder.resolve("transformer.safetensors");
    Files.copy(demo().resolve("diffusion_pytorch_model.safetensors"), transformer);
    use(ModelSelection.none().with(ModelPart.TRANSFORMER, transformer));
    RunCheckpoint saved = Clips.stopped(pipeline, request);
    assertThat(saved.settings().provenance()).containsKey("model-samples-sha256");
    try (RandomAccessFile data = new RandomAccessFile(transformer.toFile(), "rw")) {
      data.seek(data.length() / 2);
      data.write(new byte[Math.toIntExact(data.length() / 2)]);
    }
    assertThatThrownBy(() -> pipeline.generate(request, RunOptions.defaults().resuming(saved)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("transformer.safetensors: these weights are not those");
    assertThatThrownBy(() -> pipeline.generate(request)).isInstanceOf(SavedRunException.class);
  }
}
