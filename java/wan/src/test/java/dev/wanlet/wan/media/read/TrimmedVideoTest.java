// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrimmedVideoTest {
  @TempDir Path folder;
  private Path source;

  @BeforeEach
  void makeSource() throws IOException {
    source = TrimmedVideo.source(folder.resolve("source.mp4"), 30);
  }

  private static void assertShows(Path file, int from, int to) throws IOException {
    List<RgbFrame> frames = VideoReader.readAll(file);
    assertThat(frames).hasSize(to - from);
    for (int i = from; i < to; i++) {
      assertThat(frames.get(i - from).green(30, 15))
          .as("frame %d", i)
          .isCloseTo(TrimmedVideo.grey(i), within(3));
    }
  }

  @Test
  void framesInFrontOfACutAreNotCountedAndNotMissed() throws IOException {
    Path cut = TrimmedVideo.cut(source, folder.resolve("cut.mp4"), 1, 13, true);
    assertShows(cut, 13, 30);
    try (FrameSource frames = FrameSource.open(cut)) {
      assertThat(frames.count()).isEqualTo(17);
      assertThat(frames.rate()).hasValue(TrimmedVideo.FPS);
    }
  }

  @Test
  void framesWhoseKeyFrameWasCutAwayAreNotMissed() throws IOException {
    Path cut = TrimmedVideo.cut(source, folder.resolve("open.mp4"), 1, 0, false);
    // Frame 9 is the second key frame; 7 and 8 are made from the first one too.
    try (VideoReader reader = VideoReader.open(cut)) {
      assertThat(reader.frameCount()).isEqualTo(23);
    }
    assertShows(cut, 9, 30);
  }

  @Test
  void aTrimmedVideoThatLostItsEndIsNamed() throws IOException {
    for (boolean editList : List.of(true, false)) {
      Path cut = TrimmedVideo.cut(source, folder.resolve("cut.mp4"), 1, 13, editList);
      byte[] bytes = Files.readAllBytes(cut);
      Files.write(cut, Arrays.copyOf(bytes, bytes.length - 40));
      assertThatThrownBy(() -> VideoReader.readAll(cut))
          .isInstanceOf(MediaException.class)
          .hasMessageContaining(editList ? "of its 17 frames" : "of its 23 frames");
    }
  }
}
