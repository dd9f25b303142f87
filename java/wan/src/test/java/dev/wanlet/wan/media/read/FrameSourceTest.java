// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameSourceTest {
  @TempDir Path folder;

  private static RgbFrame grey(int width, int height, int value) {
    byte[] rgb = new byte[3 * width * height];
    Arrays.fill(rgb, (byte) value);
    return new RgbFrame(width, height, rgb);
  }

  private Path picture(String name, RgbFrame frame) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    ImageIO.write(Images.toBufferedImage(frame), "png", file.toFile());
    return file;
  }

  private Path clip(String name, int frames) throws IOException {
    Path file = folder.resolve(name);
    try (FrameSink sink = FrameSinks.open(file, 48, 32, 16, VideoMetadata.builder().build())) {
      for (int i = 0; i < frames; i++) {
        sink.accept(grey(48, 32, 20 + 20 * i).rgb24());
      }
      sink.finish();
    }
    return file;
  }

  @ParameterizedTest
  @CsvSource({
    "17, 16.999, 16, 16", // the last frame's time is not told
    "17, 16.1667, 16, 16", // hundredths of a second
    "17, 16, 16, 16",
    "1800, 29.1, 90000, 29.1", // a phone's, which varies
    "900, 27, 30, 27", // frames were dropped
    "0, 25, 50, 25"
  })
  void aFrameMoreOrLessDoesNotChangeTheRate(long frames, double mean, double steady, double rate) {
    assertThat(VideoReader.rate(frames, mean, steady)).isEqualTo(rate);
  }

  @Test
  void itsFactsAreReadAnewWhenTheFileChanges() throws IOException {
    Path file = clip("clip.gif", 5);
    FrameFacts facts = FrameFacts.of(file);
    try (FrameSource source = FrameSource.open(file)) {
      assertThat(facts)
          .isEqualTo(
              new FrameFacts(
                  source.width(),
                  source.height(),
                  source.count(),
                  source.rate(),
                  source.readingBytes()));
    }
    assertThat(FrameFacts.of(file)).isSameAs(facts);
    Files.delete(file);
    clip("clip.gif", 9);
    assertThat(FrameFacts.of(file).count()).isEqualTo(9).isNotEqualTo(facts.count());
  }

  private static List<Integer> greys(FrameSource source) throws IOException {
    List<Integer> greys = new ArrayList<>();
    for (Optional<RgbFrame> f = source.next(); f.isPresent(); f = source.next()) {
      greys.add(f.get().green(f.get().width() / 2, f.get().height() / 2));
    }
    return greys;
  }

  @Test
  void aFolderGivesItsPicturesByTheNumbersInTheirNames() throws IOException {
    picture("in/pose10.png", grey(20, 10, 30));
    picture("in/pose9.png", grey(20, 10, 20));
    picture("in/pose1.png", grey(20, 10, 10));
    picture("in/pose010b.png", grey(20, 10, 40));
    Files.writeString(folder.resolve("in/notes.txt"), "not one of them");
    Files.writeString(folder.resolve("in/.hidden"), "nor this");
    try (FrameSource source = FrameSource.open(folder.resolve("in"))) {
      assertThat(source.count()).isEqualTo(4);
      assertThat(source.width()).isEqualTo(20);
      assertThat(source.rate()).isEmpty();
      assertThat(source.isStill()).isFalse();
      assertThat(greys(source)).containsExactly(10, 20, 30, 40);
      assertThat(source.notes()).containsExactly("holds 1 file that is no picture; left out");
    }
  }

  @Test
  void picturesOfAFolderHaveOneSize() throws IOException {
    picture("in/1.png", grey(20, 10, 30));
    picture("in/2.png", grey(20, 12, 30));
    try (FrameSource source = FrameSource.open(folder.resolve("in"))) {
      source.next();
      assertThatThrownBy(source::next)
          .isInstanceOf(MediaException.class)
          .hasMessageContaining("2.png: is 20x12, the first picture in in is 20x10");
    }
  }

  @Test
  void aPictureIsOneFrame() throws IOException {
    try (FrameSource source = FrameSource.open(picture("one.png", grey(9, 7, 90)))) {
      assertThat(source.isStill()).isTrue();
      assertThat(source.count()).isEqualTo(1);
      assertThat(greys(source)).containsExactly(90);
    }
  }

  @Test
  void videosAndMovingGifsGiveTheirFramesWithTheirTimes() throws IOException {
    for (String name : List.of("clip.mp4", "clip.gif")) {
      try (FrameSource source = FrameSource.open(clip(name, 5))) {
        assertThat(source.width()).isEqualTo(48);
        assertThat(source.isStill()).isFalse();
        assertThat(source.rate().orElseThrow()).isBetween(15.0, 17.0);
        assertThat(source.count()).as(name).isEqualTo(5);
        List<Double> times = new ArrayList<>();
        int last = 0;
        for (Optional<RgbFrame> f = source.next(); f.isPresent(); f = source.next()) {
          times.add(source.seconds());
          assertThat(f.get().green(20, 20)).isGreaterThan(last);
          last = f.get().green(20, 20);
        }
        assertThat(times).hasSize(5).isSorted();
        assertThat(times.get(0)).isZero();
        assertThat(times.get(4)).isBetween(0.23, 0.29);
      }
    }
  }

  @Test
  void aVideoIsTurnedAsPlayersShowIt() throws IOException {
    Path file = folder.resolve("phone.mp4");
    Ffmpeg.load();
    try (FFmpegFrameRecorder recorder = new FFmpegFrameRecorder(file.toString(), 64, 32)) {
      recorder.setFormat("mp4");
      recorder.setVideoCodec(avcodec.AV_CODEC_ID_MPEG4);
      recorder.setPixelFormat(avutil.AV_PIX_FMT_YUV420P);
      recorder.setFrameRate(16);
      recorder.setDisplayRotation(-90); // clockwise
      recorder.start();
      ByteBuffer rgb = ByteBuffer.allocateDirect(64 * 32 * 3);
      for (int i = 0; i < 64 * 32; i++) {
        byte value = (byte) (i % 64 < 32 ? 220 : 30); // bright at the left
        rgb.put(value).put(value).put(value);
      }
      recorder.recordImage(
          64, 32, Frame.DEPTH_UBYTE, 3, 64 * 3, avutil.AV_PIX_FMT_RGB24, rgb.flip());
    }
    try (FrameSource source = FrameSource.open(file)) {
      assertThat(source.width()).isEqualTo(32);
      assertThat(source.height()).isEqualTo(64);
      RgbFrame frame = source.next().orElseThrow();
      // The left side is on top after a quarter turn clockwise.
      assertThat(frame.green(16, 10)).isGreaterThan(180);
      assertThat(frame.green(16, 54)).isLessThan(80);
    }
  }

  @Test
  void whatCannotBeReadIsNamed() throws IOException {
    Path none = folder.resolve("none.mp4");
    assertThatThrownBy(() -> FrameSource.open(none))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("none.mp4: no such file or folder");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThatThrownBy(() -> FrameSource.open(empty))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("holds no picture that can be read");
    Path words = Files.writeString(folder.resolve("words.mp4"), "no video at all");
    assertThatThrownBy(() -> FrameSource.open(words))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("words.mp4: is not a video that can be read");
    byte[] whole = Files.readAllBytes(clip("cut.mp4", 5));
    Path cut = Files.write(folder.resolve("cut.mp4"), Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(
            () -> {
              try (FrameSource source = FrameSource.open(cut)) {
                greys(source);
              }
            })
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("cut.mp4");
  }

  /** FFmpeg takes the frames of such a file for one. */
  @Test
  void ofAGifWithoutTimesItIsSaidWhatItLacks() throws IOException {
    Path still = folder.resolve("still.gif");
    ImageIO.write(Images.toBufferedImage(grey(20, 10, 90)), "gif", still.toFile());
    byte[] gif = Files.readAllBytes(still);
    int picture = 13 + (3 << ((gif[10] & 7) + 1)); // behind the header and the palette
    assertThat(gif[picture]).isEqualTo((byte) ',');
    ByteBuffer three = ByteBuffer.allocate(3 * gif.length).put(gif, 0, gif.length - 1);
    for (int more = 0; more < 2; more++) {
      three.put(gif, picture, gif.length - 1 - picture);
    }
    three.put((byte) ';');
    Path file =
        Files.write(folder.resolve("bare.gif"), Arrays.copyOf(three.array(), three.position()));
    try (FrameSource source = FrameSource.open(file)) {
      assertThatThrownBy(() -> greys(source))
          .isInstanceOf(MediaException.class)
          .hasMessageContaining("1 of its 3 frames can be decoded; a GIF must say of each frame");
    }
  }
}
