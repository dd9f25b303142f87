// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A pipeline that stays open makes the clips that pipelines of their own would make. */
class OpenPipelineTest extends DemoRuns {
  private static final List<String> PROMPTS =
      List.of(
          "a red circle moving left on a black background",
          "a yellow star moving up on a navy background",
          "a green square");

  /** What logging, classes and the test itself may add in 38 clips, in bytes. */
  private static final long HEAP_NOISE = 16 << 20;

  private GenerationRequest request(int number, String file, OptionalLong budget) {
    return GenerationRequest.builder()
        .prompt(PROMPTS.get(number % PROMPTS.size()))
        .seed(number)
        .steps(2 + number % 2)
        .frames(number % 3 == 0 ? 9 : 5)
        .output(folder.resolve(file))
        .compute(
            new ComputeSettings(
                "CPU", OptionalInt.of(1), budget, OptionalLong.empty(), Precision.AUTO))
        .build(files.model());
  }

  private GenerationRequest request(int number, String file) {
    return request(number, file, OptionalLong.empty());
  }

  private static GenerationResult generate(OpenPipeline open, GenerationRequest request)
      throws IOException {
    return open.generate(request);
  }

  private GenerationResult separately(GenerationRequest request) throws IOException {
    return pipeline.generate(request);
  }

  private static long usedHeap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void assertSameFrames(Path actual, Path expected) throws IOException {
    assertThat(VideoReader.readAll(actual))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(expected));
  }

  @Test
  void fiftyClipsAreThoseOfFiftyPipelinesAndNothingGrows() throws IOException {
    List<Integer> liveAfter = new ArrayList<>();
    List<Long> heldAfter = new ArrayList<>();
    int threadsAfterTwelve = 0;
    long heapAfterTwelve = 0;
    try (OpenPipeline open = pipeline.open()) {
      for (int i = 0; i < 50; i++) {
        GenerationResult result = generate(open, request(i, "open" + i + ".png"));
        assertThat(result.measuredPeakBytes()).isLessThanOrEqualTo(result.plannedPeakBytes());
        liveAfter.add(Ggml.liveObjects());
        heldAfter.add(open.lease().heldBytes());
        if (i == 11) {
          threadsAfterTwelve = Thread.activeCount();
          heapAfterTwelve = usedHeap();
        }
      }
      assertThat(Thread.activeCount()).isLessThanOrEqualTo(threadsAfterTwelve);
      assertThat(usedHeap()).isLessThan(heapAfterTwelve + HEAP_NOISE);
      assertThat(open.lease().heldBytes()).isPositive();
    }
    // The same kind of clip comes again after six.
    for (int i = 12; i < 50; i++) {
      assertThat(liveAfter.get(i)).isEqualTo(liveAfter.get(i - 6));
      assertThat(heldAfter.get(i)).isEqualTo(heldAfter.get(i - 6));
    }
    for (int i : new int[] {0, 1, 2, 3, 4, 5, 48, 49}) {
      Path own = separately(request(i, "own" + i + ".png")).output();
      Path made = folder.resolve(own.getFileName().toString().replace("own", "open"));
      assertSameFrames(made, own);
    }
    try (var left = Files.list(folder)) {
      assertThat(left.filter(f -> !f.toString().endsWith(".png"))).isEmpty();
    }
  }

  @Test
  void whatTheBudgetHasNoRoomForIsNotKept() throws IOException {
    GenerationResult free = separately(request(0, "free.png"));
    long budget = free.measuredPeakBytes() + (1 << 20);
    try (OpenPipeline open = pipeline.open()) {
      for (int i = 0; i < 3; i++) {
        GenerationResult tight = generate(open, request(0, "tight.png", OptionalLong.of(budget)));
        assertThat(tight.measuredPeakBytes()).isLessThanOrEqualTo(tight.plannedPeakBytes());
        assertThat(tight.plannedPeakBytes()).isLessThanOrEqualTo(budget);
        assertSameFrames(tight.output(), free.output());
      }
    }
  }

  @Test
  void aClosedPipelineSaysSo() throws IOException {
    OpenPipeline open = pipeline.open();
    open.close();
    assertThatThrownBy(() -> generate(open, request(1, "closed.png")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> open.plan(request(1, "closed.png")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("this pipeline is closed");
  }

  @Test
  void afterAnErrorInAListenerThePipelineGoesOn() throws IOException {
    GenerationListener failing =
        new GenerationListener() {
          @Override
          public void stageStarted(Stage stage, int total) {
            throw new OutOfMemoryError("of the test");
          }

          @Override
          public void progress(Stage stage, double done, int total) {}
        };
    try (OpenPipeline open = pipeline.open()) {
      assertThatThrownBy(
              () ->
                  open.generate(
                      request(1, "broken.png"), RunOptions.defaults().withListener(failing)))
          .isInstanceOf(OutOfMemoryError.class);
      assertThat(folder).isEmptyDirectory(); // nothing is held for it
      assertThat(generate(open, request(1, "next.png")).output()).exists();
    }
  }

  @Test
  void aReleasedPipelineHoldsNothingAndGoesOn() throws IOException {
    try (OpenPipeline open = pipeline.open()) {
      Path first = generate(open, request(1, "first.png")).output();
      assertThat(open.lease().heldBytes()).isPositive();
      open.lease().release();
      assertThat(open.lease().heldBytes()).isZero();
      assertSameFrames(generate(open, request(1, "second.png")).output(), first);
    }
  }

  @Test
  void aRunGoesStepByStepAndCanBeSavedAnywhere() throws IOException {
    Path whole = separately(request(1, "whole.png")).output();
    Path saved = folder.resolve("kept.safetensors");
    try (OpenPipeline open = pipeline.open()) {
      try (SamplingRun run = open.start(request(1, "stepped.png"), RunOptions.defaults())) {
        assertThat(run.steps()).isEqualTo(3);
        assertThat(run.latents()).hasSize(Math.toIntExact(run.shape().elements()));
        float[] noise = run.latents();
        run.step();
        assertThatThrownBy(open.lease()::release)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("a clip is being made");
        assertThat(run.stepsDone()).isEqualTo(1);
        assertThat(run.latents()).isNotEqualTo(noise);
        run.save(saved);
        assertThatThrownBy(() -> generate(open, request(2, "other.png")))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("making a clip");
        run.step();
        run.step();
        run.step(); // all are done: without effect
        assertThat(run.isDone()).isTrue();
        GenerationResult result = run.finish();
        assertThat(result.stepSeconds()).hasSize(3);
        assertSameFrames(result.output(), whole);
        assertThatThrownBy(run::step).isInstanceOf(IllegalStateException.class);
      }
      GenerationResult resumed =
          open.generate(
              request(1, "resumed.png"), RunOptions.defaults().resuming(RunCheckpoint.load(saved)));
      assertThat(resumed.stepSeconds()).hasSize(2);
      assertSameFrames(resumed.output(), whole);
    }
  }

  @Test
  void aCancelledClipLeavesThePipelineUsable() throws IOException {
    Path whole = separately(request(1, "whole.png")).output();
    try (OpenPipeline open = pipeline.open()) {
      assertThatThrownBy(() -> open.generate(request(1, "stopped.png"), Clips.stopping()))
          .isInstanceOf(SamplingCancelledException.class);
      assertSameFrames(generate(open, request(1, "after.png")).output(), whole);
    }
  }
}
