// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wanlet.wan.media.ColorMatrix;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import dev.wanlet.wan.media.VideoCodec;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VideoFileSinkTest {
  /** 4:2:0 spreads a colour edge over this many pixels; beyond, colours must be true. */
  private static final int EDGE_MARGIN = 4;

  private static final VideoMetadata METADATA =
      VideoMetadata.builder()
          .put("prompt", "一只猫在月球上跳舞 🐈‍⬛ it's \"fine\" \\ \n new line".repeat(40))
          .put("seed", 42)
          .put("cfg-scale", 5.5)
          .build();

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"clip.mp4, 8", "clip.webm, 8"})
  void smallClipKeepsColoursFramesSpeedAndSettings(String name, int tolerance) throws IOException {
    Path file = folder.resolve(name);
    List<RgbFrame> clip =
        SyntheticClip.discMovingLeft(64, 64, 17, SyntheticClip.RED, SyntheticClip.BLACK);

    assertThat(write(file, clip, 16)).containsExactly(file);

    try (VideoReader reader = VideoReader.open(file)) {
      assertThat(reader.width()).isEqualTo(64);
      assertThat(reader.height()).isEqualTo(64);
      assertThat(reader.fps()).isCloseTo(16, within(1e-6));
      assertThat(reader.frameCount()).isEqualTo(17);
    }
    List<RgbFrame> decoded = VideoReader.readAll(file);
    assertThat(decoded).hasSize(17);
    for (int t = 0; t < clip.size(); t++) {
      assertThat(SyntheticClip.flatError(clip.get(t), decoded.get(t), EDGE_MARGIN))
          .as("flat colours of frame %d", t)
          .isLessThanOrEqualTo(tolerance);
    }
    // Chroma at half resolution alone costs 3.8 here.
    assertThat(SyntheticClip.rmse(clip, decoded)).isLessThan(4.5);
    assertThat(VideoMetadata.read(file)).isEqualTo(METADATA);
    assertThat(filesIn(folder)).containsExactly(name);
  }

  @Test
  void shapeOfTheBackgroundsBrightnessLeavesNoSmear() throws IOException {
    // Green and grey of nearly the same luma: openh264's inter frames fail here.
    Path file = folder.resolve("clip.mp4");
    List<RgbFrame> clip =
        SyntheticClip.discMovingLeft(64, 64, 17, SyntheticClip.GREEN, SyntheticClip.GRAY);
    write(file, clip, 16);
    List<RgbFrame> decoded = VideoReader.readAll(file);
    for (int t = 0; t < clip.size(); t++) {
      assertThat(SyntheticClip.flatError(clip.get(t), decoded.get(t), EDGE_MARGIN))
          .isLessThanOrEqualTo(8);
    }
  }

  @ParameterizedTest
  @CsvSource({"832, 480, smpte170m", "1280, 720, bt709"})
  void largeClipKeepsColoursByTheMatrixOfItsSize(int w, int h, String matrix) throws IOException {
    Path file = folder.resolve("clip.mp4");
    List<RgbFrame> clip =
        SyntheticClip.discMovingLeft(w, h, 3, SyntheticClip.BLUE, SyntheticClip.NAVY);
    write(file, clip, 24);
    List<RgbFrame> decoded = VideoReader.readAll(file);
    assertThat(decoded).hasSize(3);
    assertThat(SyntheticClip.flatError(clip.get(2), decoded.get(2), EDGE_MARGIN))
        .isLessThanOrEqualTo(10);
    assertThat(ColorMatrix.of(w, h).tag()).isEqualTo(matrix);
  }

  @Test
  void indexOfAnMp4ComesFirst() throws IOException {
    Path file = folder.resolve("clip.mp4");
    write(file, SyntheticClip.discMovingLeft(64, 64, 5, SyntheticClip.RED, SyntheticClip.GRAY), 16);
    List<String> boxes = topLevelBoxes(file);
    assertThat(boxes).contains("ftyp", "moov", "mdat");
    assertThat(boxes.indexOf("moov")).isLessThan(boxes.indexOf("mdat"));
  }

  @Test
  void colourTagsAreInTheContainer() throws IOException {
    Path file = folder.resolve("clip.mp4");
    write(file, SyntheticClip.discMovingLeft(64, 64, 2, SyntheticClip.RED, SyntheticClip.GRAY), 16);
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    // colr box of type nclx: primaries 1 (BT.709), transfer 1 (BT.709), matrix 6 (BT.601), limited.
    assertThat(bytes).contains("colrnclx\0\1\0\1\0\6\0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mp4", "webm"})
  void sameFramesGiveTheSameBytes(String extension) throws IOException {
    List<RgbFrame> clip =
        SyntheticClip.discMovingLeft(64, 64, 4, SyntheticClip.WHITE, SyntheticClip.NAVY);
    Path first = write(folder.resolve("a." + extension), clip, 16).get(0);
    Path second = write(folder.resolve("b." + extension), clip, 16).get(0);
    assertThat(second).hasSameBinaryContentAs(first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip.mp4", "clip.webm"})
  void closeWithoutFinishLeavesNothing(String name) throws IOException {
    try (FrameSink sink = FrameSinks.open(folder.resolve(name), 64, 64, 16, METADATA)) {
      sink.accept(new byte[64 * 64 * 3]);
      assertThat(filesIn(folder)).hasSize(1).noneMatch(name::equals);
    }
    assertThat(filesIn(folder)).isEmpty();
  }

  @Test
  void closeWithoutFinishKeepsTheClipThatWasThere() throws IOException {
    Path file = Files.writeString(folder.resolve("clip.mp4"), "the older clip");
    FrameSink sink = FrameSinks.open(file, 64, 64, 16, METADATA);
    sink.accept(new byte[64 * 64 * 3]);
    sink.close();
    sink.close();
    assertThat(file).hasContent("the older clip");
  }

  @Test
  void finishReplacesTheClipThatWasThere() throws IOException {
    Path file = Files.writeString(folder.resolve("clip.mp4"), "the older clip");
    write(file, SyntheticClip.discMovingLeft(64, 64, 3, SyntheticClip.RED, SyntheticClip.GRAY), 16);
    assertThat(VideoReader.readAll(file)).hasSize(3);
  }

  @Test
  void frameOfAnotherSizeIsRefused() throws IOException {
    try (FrameSink sink = FrameSinks.open(folder.resolve("a.mp4"), 64, 48, 16, METADATA)) {
      assertThatThrownBy(() -> sink.accept(new RgbFrame(48, 64, new byte[48 * 64 * 3])))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a frame of 48x64 for a clip of 64x48");
      assertThatThrownBy(() -> sink.accept(ByteBuffer.allocate(7)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("7 bytes for a frame of 64x48");
    }
  }

  @Test
  void nothingCanBeDoneAfterTheEnd() throws IOException {
    FrameSink sink = FrameSinks.open(folder.resolve("a.mp4"), 64, 64, 16, METADATA);
    assertThatThrownBy(sink::finish).isInstanceOf(IllegalStateException.class);
    sink.accept(new byte[64 * 64 * 3]);
    sink.finish();
    assertThatThrownBy(() -> sink.accept(new byte[64 * 64 * 3]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("finished or closed");
    assertThatThrownBy(sink::finish).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void fullDiskIsAnError() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "a device that is always full");
    PendingFile pending = new PendingFile(folder.resolve("clip.mp4"));
    Files.createSymbolicLink(pending.temporary(), full);
    assertThatThrownBy(
            () -> {
              try (FrameSink sink =
                  new VideoFileSink(
                      pending,
                      "mp4",
                      Map.of("movflags", "+faststart"),
                      VideoCodec.OPENH264,
                      Encoding.USUAL,
                      new ClipShape(64, 64, 16),
                      METADATA)) {
                sink.accept(new byte[64 * 64 * 3]);
                sink.finish();
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("clip.mp4")
        .hasMessageContaining("No space left on device");
    assertThat(filesIn(folder)).isEmpty();
  }

  @Test
  void clipThatLostItsEndIsNotedByTheCheck() throws IOException {
    Path file = folder.resolve("clip.mp4");
    write(file, SyntheticClip.discMovingLeft(64, 64, 9, SyntheticClip.RED, SyntheticClip.GRAY), 16);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 100);
    }
    assertThatThrownBy(() -> ClipCheck.requireComplete(file, 9))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("the written file holds [0-8] whole frames of 9 given");
  }

  private static List<Path> write(Path file, List<RgbFrame> clip, double fps) throws IOException {
    RgbFrame first = clip.get(0);
    try (FrameSink sink = FrameSinks.open(file, first.width(), first.height(), fps, METADATA)) {
      for (RgbFrame frame : clip) {
        sink.accept(frame);
      }
      return sink.finish();
    }
  }

  private static List<String> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  private static List<String> topLevelBoxes(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    List<String> names = new ArrayList<>();
    while (bytes.hasRemaining()) {
      int start = bytes.position();
      int size = bytes.getInt();
      byte[] name = new byte[4];
      bytes.get(name);
      names.add(new String(name, StandardCharsets.US_ASCII));
      bytes.position(start + size);
    }
    return names;
  }
}
