// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** FFmpeg's words, as people get to see them. */
class FfmpegTest {
  @TempDir private Path folder;

  @Test
  void whereItsObjectsLieIsLeftOut() {
    assertThat(Ffmpeg.withoutAddress("[mov,mp4,m4a @ 0x7f33a81c4f40] moov atom not found\n"))
        .isEqualTo("moov atom not found");
    assertThat(Ffmpeg.withoutAddress("[h264 @ 00000211AF] [eq @ 0x1] bad [a] cast"))
        .isEqualTo("bad [a] cast");
    assertThat(Ffmpeg.withoutAddress("plain words")).isEqualTo("plain words");
  }

  @Test
  void aDamagedClipHasOnePlainMessage() throws IOException {
    byte[] bytes = new byte[4096];
    System.arraycopy(
        "\0\0\0\u0018ftypisom\0\0\2\0isomiso2".getBytes("ISO-8859-1"), 0, bytes, 0, 24);
    Path clip = Files.write(folder.resolve("clip.mp4"), bytes);
    assertThatThrownBy(() -> VideoReader.open(clip))
        .isInstanceOf(MediaException.class)
        .hasMessageStartingWith(clip + ": ")
        .hasMessageContaining("Invalid data found when processing input")
        .hasMessageNotContainingAny(
            "0x", " @ ", "Exception", "\n", "setFormat", "_open", "error -");
  }
}
