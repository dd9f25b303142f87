// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import java.io.IOException;
import java.util.List;

/** What tests do with clips, whatever model makes them. Stateless. */
final class Clips {
  private Clips() {}

  static List<RgbFrame> frames(GenerationResult result) throws IOException {
    return VideoReader.readAll(result.output());
  }

  static void assertSameFrames(GenerationResult actual, GenerationResult expected)
      throws IOException {
    assertThat(frames(actual))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(frames(expected));
  }

  /** Options of a run that stops within its second step. */
  static RunOptions stopping() {
    Cancellation cancellation = new Cancellation();
    GenerationListener stop =
        (stage, done, total) -> {
          if (stage.equals(Stage.SAMPLE) && done > 1.1) {
            cancellation.cancel();
          }
        };
    return RunOptions.defaults().withListener(stop).withCancellation(cancellation);
  }

  /** A run that is stopped within its second step, as it is saved then. */
  static RunCheckpoint stopped(VideoPipeline pipeline, GenerationRequest request)
      throws IOException {
    assertThatThrownBy(() -> pipeline.generate(request, stopping()))
        .isInstanceOf(SamplingCancelledException.class);
    return RunCheckpoint.load(RunCheckpoint.fileFor(request.output()));
  }
}
