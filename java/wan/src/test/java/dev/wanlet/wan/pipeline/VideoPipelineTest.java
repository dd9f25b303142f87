// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** From a prompt to an MP4 with the demo model, and what a run promises on the way. */
class VideoPipelineTest extends DemoRuns {
  private static final String RED_LEFT = "a red circle moving left on a black background";

  private ModelDefaults defaults;

  @BeforeEach
  void takeDefaults() {
    defaults = files.model();
  }

  private GenerationRequest.Builder request(String file) {
    return GenerationRequest.builder()
        .prompt(RED_LEFT)
        .seed(42)
        .output(folder.resolve(file))
        .compute(compute(OptionalLong.empty(), Precision.AUTO));
  }

  private static ComputeSettings compute(OptionalLong budget, Precision precision) {
    return new ComputeSettings("CPU", OptionalInt.of(1), budget, OptionalLong.empty(), precision);
  }

  private GenerationResult generate(GenerationRequest request) throws IOException {
    return pipeline.generate(request);
  }

  @Test
  void theClipShowsWhatThePromptSays() throws IOException {
    GenerationResult result = generate(request("red.mp4").build(defaults));
    var frames = VideoReader.readAll(result.output());
    ShapeScore score = ShapeScore.of(frames);
    assertThat(frames).hasSize(17);
    assertThat(score.colour()).isEqualTo("red");
    assertThat(score.motion()).isEqualTo("moving left");
    assertThat(score.background()).isEqualTo("black");
    assertThat(result.stepSeconds()).hasSize(20);
    assertThat(result.measuredPeakBytes())
        .isLessThanOrEqualTo(result.plannedPeakBytes())
        .isGreaterThanOrEqualTo(result.plannedPeakBytes() * 97 / 100);
    assertThat(VideoMetadata.read(result.output()).setting("prompt")).contains(RED_LEFT);
    assertThat(RunCheckpoint.fileFor(result.output())).doesNotExist();
  }

  @Test
  void aTightBudgetGivesTheSameClipAndIsKept() throws IOException {
    GenerationRequest free = request("free.mp4").steps(4).frames(9).build(defaults);
    GenerationResult unlimited = generate(free);
    long budget = smallestBudget(free);
    assertThat(budget).isLessThan(unlimited.measuredPeakBytes());
    GenerationResult tight =
        generate(
            request("tight.mp4")
                .steps(4)
                .frames(9)
                .compute(compute(OptionalLong.of(budget), Precision.AUTO))
                .build(defaults));
    assertThat(tight.measuredPeakBytes()).isLessThanOrEqualTo(budget);
    assertSameFrames(tight.output(), unlimited.output());
  }

  private static void assertSameFrames(Path actual, Path expected) throws IOException {
    assertThat(VideoReader.readAll(actual))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(expected));
  }

  private long smallestBudget(GenerationRequest request) throws IOException {
    long needed = 1;
    while (true) {
      GenerationRequest limited =
          request("plan.mp4")
              .steps(request.sampling().steps())
              .frames(request.clip().frames())
              .compute(compute(OptionalLong.of(needed), Precision.AUTO))
              .build(defaults);
      try {
        pipeline.plan(limited);
        return needed;
      } catch (MemoryBudgetException e) {
        needed = e.neededBytes();
      }
    }
  }

  @Test
  void aBudgetThatIsTooSmallIsRefusedBeforeAnyWork() throws IOException {
    GenerationRequest request =
        request("none.mp4").compute(compute(OptionalLong.of(1000), Precision.AUTO)).build(defaults);
    assertThatThrownBy(() -> generate(request))
        .isInstanceOf(MemoryBudgetException.class)
        .hasMessageContaining("needs at least");
    assertThat(request.output()).doesNotExist();
  }

  @Test
  void aCancelledRunCanBeResumedToTheSameClip() throws IOException {
    GenerationRequest request = request("resumed.mp4").steps(6).frames(9).build(defaults);
    GenerationResult whole = generate(request("whole.mp4").steps(6).frames(9).build(defaults));
    Cancellation cancellation = new Cancellation();
    RunOptions everyStep = RunOptions.defaults().withCheckpointEvery(1);
    GenerationListener stopAfterThree =
        (stage, done, total) -> {
          if (stage.equals(Stage.SAMPLE) && done > 3.4) {
            cancellation.cancel();
          }
        };
    RunOptions stopped = everyStep.withListener(stopAfterThree).withCancellation(cancellation);
    assertThatThrownBy(() -> pipeline.generate(request, stopped))
        .isInstanceOf(SamplingCancelledException.class);
    assertThat(request.output()).doesNotExist();
    RunCheckpoint saved = RunCheckpoint.load(RunCheckpoint.fileFor(request.output()));
    assertThat(saved.sampler().nextStep()).isEqualTo(3);
    GenerationResult resumed = pipeline.generate(request, everyStep.resuming(saved));
    assertThat(resumed.stepSeconds()).hasSize(3);
    assertSameFrames(resumed.output(), whole.output());
    assertThat(RunCheckpoint.fileFor(request.output())).doesNotExist();
  }

  @Test
  void damagedSavedRunsAreRefused() throws IOException {
    Path file = folder.resolve("x.resume.safetensors");
    Files.write(file, new byte[] {1, 2, 3});
    assertThatThrownBy(() -> RunCheckpoint.load(file))
        .isInstanceOf(dev.wanlet.weights.WeightFormatException.class)
        .hasMessageContaining("x.resume.safetensors");
  }
}
