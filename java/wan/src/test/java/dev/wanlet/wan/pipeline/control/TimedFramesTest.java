// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TimedFramesTest {
  @TempDir Path folder;

  /** Frame {@code i} is of grey {@code 10 + 6 * i}. */
  private Path clip(int frames, double fps) throws IOException {
    Path file = folder.resolve(frames + "-" + fps + ".mp4");
    try (FrameSink sink = FrameSinks.open(file, 32, 32, fps, VideoMetadata.builder().build())) {
      for (int i = 0; i < frames; i++) {
        byte[] rgb = new byte[32 * 32 * 3];
        Arrays.fill(rgb, (byte) (10 + 6 * i));
        sink.accept(rgb);
      }
      sink.finish();
    }
    return file;
  }

  /** Which frames of the file are shown, as told by their grey. */
  private static List<Integer> shown(TimedFrames timed) throws IOException {
    List<Integer> indices = new ArrayList<>();
    int i = 0;
    for (Optional<RgbFrame> f = timed.at(0); f.isPresent(); f = timed.at(++i)) {
      indices.add(Math.round((f.get().green(16, 16) - 10) / 6f));
    }
    return indices;
  }

  @Test
  void theClipsOwnRateTakesFramesOneByOne() throws IOException {
    for (double rate : new double[] {16, 15.984}) {
      try (TimedFrames timed = new TimedFrames(clip(7, rate), 16)) {
        assertThat(timed.isByTime()).isFalse();
        assertThat(shown(timed)).containsExactly(0, 1, 2, 3, 4, 5, 6);
        assertThat(timed.total()).isEqualTo(7);
      }
    }
  }

  @Test
  void anotherRateTakesTheFrameThatIsShownAtEachMoment() throws IOException {
    try (TimedFrames fast = new TimedFrames(clip(15, 30), 16)) {
      assertThat(fast.isByTime()).isTrue();
      // At i / 16 seconds frame floor(i * 30 / 16) is shown; the half second has 8 moments.
      assertThat(shown(fast)).containsExactly(0, 1, 3, 5, 7, 9, 11, 13);
      assertThat(fast.total()).isEqualTo(8);
    }
    try (TimedFrames slow = new TimedFrames(clip(4, 8), 16)) {
      assertThat(shown(slow)).containsExactly(0, 0, 1, 1, 2, 2, 3, 3);
    }
  }

  @Test
  void goingBackBeginsAnew() throws IOException {
    try (TimedFrames timed = new TimedFrames(clip(6, 16), 16)) {
      assertThat(timed.total()).isEqualTo(6);
      assertThat(shown(timed)).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(shown(timed)).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(timed.at(6)).isEmpty();
      assertThat(timed.atOrLast(60).green(16, 16)).isBetween(38, 42);
      assertThat(timed.at(2).orElseThrow().green(16, 16)).isBetween(20, 24);
    }
  }
}
