// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameSinksTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.mp4",
        "a.MP4",
        "a.webm",
        "a.gif",
        "a.png",
        "new/dir/%03d.png",
        "a.jpg",
        "a.JPEG",
        "a.webp"
      })
  void goodOutputsPassAndLeaveNoFile(String name) {
    Path path = folder.resolve(name);
    assertThatCode(() -> FrameSinks.checkWritable(path, 832, 480, 16)).doesNotThrowAnyException();
    assertThat(path.getParent()).isEmptyDirectory();
  }

  @Test
  void unknownExtensionNamesTheKnownOnes() {
    assertThatThrownBy(() -> FrameSinks.checkWritable(folder.resolve("clip.avi")))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("cannot write '.avi' files")
        .hasMessageContaining(".mp4 (H.264, H.265 or AV1 video), .webm")
        .hasMessageContaining(".png");
    assertThatThrownBy(() -> FrameSinks.checkWritable(folder.resolve("clip")))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("no extension");
  }

  @Test
  void folderInPlaceOfAFileIsRefused() throws IOException {
    Path path = Files.createDirectory(folder.resolve("clip.mp4"));
    assertThatThrownBy(() -> FrameSinks.checkWritable(path))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("is a folder");
  }

  @Test
  void fileInPlaceOfTheFolderIsRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("taken"));
    assertThatThrownBy(() -> FrameSinks.checkWritable(file.resolve("clip.mp4")))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("cannot make the folder");
  }

  @Test
  void unwritablePlaceIsRefused() {
    // /proc takes no files, whoever asks.
    Path proc = Path.of("/proc");
    assumeTrue(Files.isDirectory(proc));
    assertThatThrownBy(() -> FrameSinks.checkWritable(proc.resolve("clip.mp4")))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("cannot write in the folder /proc");
  }

  @Test
  void oddAndTinySizesOfVideoAreRefused() {
    Path path = folder.resolve("clip.mp4");
    assertThatThrownBy(() -> FrameSinks.open(path, 65, 64, 16, VideoMetadata.empty()))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("65x64")
        .hasMessageContaining("even width and height");
    assertThatThrownBy(() -> FrameSinks.checkWritable(path, 8, 64, 16))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("at least 16x16");
    assertThatThrownBy(() -> FrameSinks.checkWritable(path, 64, 64, Double.NaN))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("frames a second");
    assertThatThrownBy(() -> FrameSinks.checkWritable(folder.resolve("a.gif"), 64, 64, 60))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("at most 50");
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({
    "clip.mp4, 0.01", "clip.webm, 0.01", "clip.gif, 0.01", "clip.png, 0.01",
    "clip.mp4, 1000", "clip.webm, 1000", "clip.gif, 50", "clip.png, 1000"
  })
  void theSlowestAndTheFastestAreWritten(String name, double fps) throws IOException {
    Path path = folder.resolve(name);
    try (FrameSink sink = FrameSinks.open(path, 32, 32, fps, VideoMetadata.empty())) {
      for (int i = 0; i < 3; i++) {
        sink.accept(new byte[32 * 32 * 3]);
      }
      assertThat(sink.finish()).isNotEmpty().allMatch(Files::isRegularFile);
    }
    assertThatThrownBy(() -> FrameSinks.checkWritable(path, 32, 32, 0.0099))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("expected 0.01 to 1000");
  }

  @Test
  void sequenceNameWithAnotherPercentSignIsRefused() {
    assertThatThrownBy(() -> FrameSinks.checkWritable(folder.resolve("50%s.png")))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("such as %04d.png");
  }

  @Test
  void smallestVideoSizeIsWritten() throws IOException {
    Path path = folder.resolve("clip.mp4");
    try (FrameSink sink = FrameSinks.open(path, 16, 16, 16, VideoMetadata.empty())) {
      sink.accept(new byte[16 * 16 * 3]);
      sink.finish();
    }
    assertThat(VideoReader.readAll(path)).hasSize(1);
  }

  @Test
  void namesThatFfmpegWouldReadAsProtocolOrPatternAreFiles() throws IOException {
    Path path = folder.resolve("http:a %d 猫.mp4");
    try (FrameSink sink = FrameSinks.open(path, 64, 64, 16, VideoMetadata.empty())) {
      sink.accept(new byte[64 * 64 * 3]);
      sink.finish();
    }
    assertThat(path).exists();
    assertThat(VideoReader.readAll(path)).hasSize(1);
  }
}
