// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.ImageReader;
import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureSinkTest {
  private static final VideoMetadata METADATA =
      VideoMetadata.builder().put("prompt", "红色的圆 🔴 moving").put("seed", 7).build();
  private static final List<RgbFrame> CLIP =
      SyntheticClip.discMovingLeft(33, 21, 3, SyntheticClip.RED, SyntheticClip.GRAY);

  @TempDir Path folder;

  @Test
  void sequenceByPatternIsExactAndInANewFolder() throws IOException {
    Path pattern = folder.resolve("frames/%04d.png");
    List<Path> written = write(pattern, CLIP, 16);
    assertThat(written)
        .containsExactly(
            folder.resolve("frames/0001.png"),
            folder.resolve("frames/0002.png"),
            folder.resolve("frames/0003.png"));
    for (int t = 0; t < CLIP.size(); t++) {
      assertThat(ImageReader.read(written.get(t)).rgb24()).isEqualTo(CLIP.get(t).rgb24());
      assertThat(VideoMetadata.read(written.get(t))).isEqualTo(METADATA);
    }
    assertThat(VideoMetadata.read(pattern)).isEqualTo(METADATA);
    assertThat(names(folder.resolve("frames"))).hasSize(3);
  }

  @Test
  void sequenceByPlainNameIsNumbered() throws IOException {
    List<Path> written = write(folder.resolve("clip.png"), CLIP, 16);
    assertThat(names(folder)).containsExactly("clip_0001.png", "clip_0002.png", "clip_0003.png");
    assertThat(written).hasSize(3);
    assertThat(VideoMetadata.read(folder.resolve("clip.png"))).isEqualTo(METADATA);
  }

  @Test
  void singleFrameKeepsItsPlainName() throws IOException {
    write(folder.resolve("still.png"), CLIP.subList(0, 1), 16);
    assertThat(names(folder)).containsExactly("still.png");
  }

  @Test
  void otherProgramsReadThePictures() throws IOException {
    Path file = write(folder.resolve("clip.png"), CLIP, 16).get(1);
    var image = ImageIO.read(file.toFile());
    RgbFrame frame = CLIP.get(1);
    assertThat(image.getRGB(20, 10) & 0xffffff)
        .isEqualTo(frame.red(20, 10) << 16 | frame.green(20, 10) << 8 | frame.blue(20, 10));
  }

  @Test
  void gifKeepsFewColoursExactlyWithSpeedLoopAndSettings() throws IOException {
    Path file = folder.resolve("clip.gif");
    // 25 frames a second are 4 hundredths exactly.
    write(file, CLIP, 25);
    List<RgbFrame> decoded = VideoReader.readAll(file);
    assertThat(decoded).hasSize(3);
    for (int t = 0; t < CLIP.size(); t++) {
      assertThat(decoded.get(t).rgb24()).isEqualTo(CLIP.get(t).rgb24());
    }
    try (VideoReader reader = VideoReader.open(file)) {
      assertThat(reader.fps()).isCloseTo(25, within(0.01));
    }
    assertThat(VideoMetadata.read(file)).isEqualTo(METADATA);
    assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
        .contains("NETSCAPE2.0");
  }

  @Test
  void gifOfManyColoursIsClose() throws IOException {
    byte[] rgb = new byte[64 * 64 * 3];
    for (int i = 0; i < 64 * 64; i++) {
      rgb[i * 3] = (byte) (i % 64 * 4);
      rgb[i * 3 + 1] = (byte) (i / 64 * 4);
      rgb[i * 3 + 2] = (byte) 128;
    }
    List<RgbFrame> clip = List.of(new RgbFrame(64, 64, rgb));
    Path file = folder.resolve("a.gif");
    write(file, clip, 16);
    assertThat(SyntheticClip.rmse(clip, VideoReader.readAll(file))).isBetween(1.0, 12.0);
  }

  @Test
  void gifSpeedsThatAreNoWholeHundredthsAreRightOnAverage() throws IOException {
    Path file = folder.resolve("a.gif");
    write(
        file, SyntheticClip.discMovingLeft(32, 32, 17, SyntheticClip.RED, SyntheticClip.BLACK), 16);
    assertThat(delays(file)).hasSize(17).containsOnly(6, 7);
    assertThat(delays(file).stream().mapToInt(d -> d).sum()).isEqualTo(106);
  }

  /** The hundredths of a second of every frame, from the graphic control extensions. */
  private static List<Integer> delays(Path file) throws IOException {
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    List<Integer> delays = new ArrayList<>();
    int at = bytes.indexOf("\u0021\u00f9\u0004");
    while (at >= 0) {
      delays.add(bytes.charAt(at + 4) + 256 * bytes.charAt(at + 5));
      at = bytes.indexOf("\u0021\u00f9\u0004", at + 1);
    }
    return delays;
  }

  @Test
  void aSequenceIsReplacedAsAWholeOrNotAtAll() throws IOException {
    Path target = folder.resolve("p.png");
    RgbFrame first = CLIP.get(0);
    byte[] old = "an older picture".getBytes(StandardCharsets.UTF_8);
    Files.write(folder.resolve("p_0001.png"), old);
    try (FrameSink sink = FrameSinks.open(target, first.width(), first.height(), 16, METADATA)) {
      for (int i = 0; i < 3; i++) {
        sink.accept(first);
      }
      Files.createDirectory(folder.resolve("p_0003.png"));
      assertThatThrownBy(sink::finish)
          .isInstanceOf(WriteException.class)
          .hasMessageContaining("p_0003.png: is a folder");
    }
    assertThat(names(folder)).containsExactlyInAnyOrder("p_0001.png", "p_0003.png");
    assertThat(folder.resolve("p_0001.png")).hasBinaryContent(old);
  }

  @Test
  void closeWithoutFinishLeavesNothing() throws IOException {
    for (String name : List.of("a.gif", "a.png")) {
      FrameSink sink = FrameSinks.open(folder.resolve(name), 33, 21, 16, METADATA);
      sink.accept(CLIP.get(0));
      assertThat(names(folder)).as(name).hasSize(1);
      sink.close();
      sink.close();
      assertThat(names(folder)).as(name).isEmpty();
      assertThatThrownBy(() -> sink.accept(CLIP.get(0))).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(sink::finish).isInstanceOf(IllegalStateException.class);
    }
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

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
