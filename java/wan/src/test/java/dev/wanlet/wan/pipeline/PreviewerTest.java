// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.pipeline.control.ClipLatents;
import dev.wanlet.wan.pipeline.preview.LatentPictures;
import dev.wanlet.wan.pipeline.preview.PreviewOptions;
import dev.wanlet.wan.sampling.Denoiser;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of a run whose previews fail. */
class PreviewerTest {
  private static final FlowSchedule SCHEDULE = FlowSchedule.plain(2, 3);

  /** Pictures that cannot be made. */
  private static final class Failing implements LatentPictures {
    private final RuntimeException failure;
    private int asked;

    Failing(RuntimeException failure) {
      this.failure = failure;
    }

    @Override
    public List<RgbFrame> of(float[] latents) {
      asked++;
      throw failure;
    }

    @Override
    public double fps() {
      return 4;
    }

    @Override
    public void close() {
      // holds nothing
    }
  }

  private static Denoiser watched(Failing pictures) {
    ClipLatents clip = new ClipLatents(Shape.of(1, 1, 2, 2), 0);
    return new Previewer(RunOptions.defaults(), PreviewOptions.eachStep(), pictures, clip)
        .watching((latents, timestep, step) -> latents.clone(), SCHEDULE, step -> false);
  }

  @Test
  void aClipWithoutPreviewsIsBetterThanNone() {
    Failing pictures = new Failing(new IllegalArgumentException("no such colour"));
    Denoiser denoiser = watched(pictures);
    for (int step = 0; step < 2; step++) {
      assertThat(denoiser.predict(new float[4], SCHEDULE.timestep(step), step)).hasSize(4);
    }
    assertThat(pictures.asked).isEqualTo(1);
  }

  @Test
  void whoCancelsIsHeard() {
    Denoiser denoiser = watched(new Failing(new SamplingCancelledException(1, 2)));
    assertThatThrownBy(() -> denoiser.predict(new float[4], SCHEDULE.timestep(0), 0))
        .isInstanceOf(SamplingCancelledException.class);
  }
}
