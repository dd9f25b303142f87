// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import dev.wanlet.wan.media.metadata.ExifComment;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.ImageReader;
import dev.wanlet.wan.media.read.Picture;
import dev.wanlet.wan.media.read.PictureReader;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures of one frame, with the settings inside. */
class StillSinkTest {
  private static final VideoMetadata METADATA =
      VideoMetadata.builder().put("prompt", "红色的圆 🔴 moving").put("seed", 7).build();
  private static final RgbFrame FRAME =
      SyntheticClip.discMovingLeft(33, 21, 1, SyntheticClip.RED, SyntheticClip.GRAY).get(0);

  @TempDir Path folder;

  private Path write(String name, RgbFrame frame, VideoMetadata metadata) throws IOException {
    Path file = folder.resolve(name);
    try (FrameSink sink = FrameSinks.open(file, frame.width(), frame.height(), 16, metadata)) {
      sink.accept(frame.rgb24());
      assertThat(sink.finish()).containsExactly(file);
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
    return file;
  }

  @ParameterizedTest
  @CsvSource({"still.jpg, 0", "still.JPEG, 0", "still.webp, 1000"})
  void settingsAndPixelsAreReadBack(String name, double leastPsnr) throws IOException {
    Path file = write(name, FRAME, METADATA);
    assertThat(VideoMetadata.read(file)).isEqualTo(METADATA);
    RgbFrame read = ImageReader.read(file);
    assertThat(psnr(read, FRAME)).isGreaterThan(Math.max(33, leastPsnr));
    // As a picture to begin with: nothing in it is taken for a turn or a profile.
    Picture picture = PictureReader.read(file);
    assertThat(picture.notes()).isEmpty();
    assertThat(picture.frame().rgb24()).isEqualTo(read.rgb24());
  }

  /** Infinite where no pixel differs. */
  private static double psnr(RgbFrame a, RgbFrame b) {
    double sum = 0;
    for (int i = 0; i < a.rgb24().length; i++) {
      double d = (a.rgb24()[i] & 0xff) - (b.rgb24()[i] & 0xff);
      sum += d * d;
    }
    return 10 * Math.log10(255 * 255 * a.rgb24().length / sum);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 255})
  void anySizeIsWritten(int side) throws IOException {
    byte[] noise = new byte[3 * side * 3];
    new Random(side).nextBytes(noise);
    RgbFrame frame = new RgbFrame(side, 3, noise);
    assertThat(ImageReader.read(write("a.webp", frame, METADATA)).rgb24()).isEqualTo(noise);
    Files.delete(folder.resolve("a.webp"));
    RgbFrame jpeg = ImageReader.read(write("a.jpg", frame, METADATA));
    assertThat(jpeg.width()).isEqualTo(side);
    // Noise of single pixels is what colour at half the resolution would lose.
    assertThat(psnr(jpeg, frame)).isGreaterThan(28);
  }

  @Test
  void otherProgramsReadAJpeg() throws IOException {
    BufferedImage image = ImageIO.read(write("a.jpg", FRAME, METADATA).toFile());
    assertThat(image.getRGB(2, 2) >> 16 & 0xff).isCloseTo(FRAME.red(2, 2), within(6));
  }

  @Test
  void settingsTooLongForAJpegStayOutOfIt() throws IOException {
    VideoMetadata longer = VideoMetadata.builder().put("prompt", "x".repeat(70_000)).build();
    Path jpeg = write("a.jpg", FRAME, longer);
    assertThat(ImageReader.read(jpeg).width()).isEqualTo(33);
    assertThatThrownBy(() -> VideoMetadata.read(jpeg))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("carries no comment");
    Files.delete(jpeg);
    assertThat(VideoMetadata.read(write("a.webp", FRAME, longer))).isEqualTo(longer);
  }

  @Test
  void aSecondFrameIsRefusedAndNothingIsLeft() throws IOException {
    Path file = folder.resolve("a.jpg");
    try (FrameSink sink = FrameSinks.open(file, 33, 21, 16, METADATA)) {
      sink.accept(FRAME.rgb24());
      assertThatThrownBy(() -> sink.accept(FRAME.rgb24()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("a second frame");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jpg", "a.webp"})
  void damageIsOneErrorOrChangesALetter(String name) throws IOException {
    byte[] whole = Files.readAllBytes(write(name, FRAME, METADATA));
    Path damaged = folder.resolve("damaged");
    Random random = new Random(4);
    for (int i = 0; i < 300; i++) {
      byte[] bytes = whole.clone();
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
      Files.write(damaged, i % 3 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes);
      try {
        // A letter of a name or a value may be another one.
        assertThat(VideoMetadata.read(damaged).settings()).hasSizeLessThanOrEqualTo(2);
      } catch (MediaException e) {
        assertThat(e).hasMessageStartingWith(damaged + ": ");
      }
    }
  }

  @Test
  void exifOfOthersIsNoComment() throws IOException {
    byte[] jpeg = Files.readAllBytes(write("a.jpg", FRAME, METADATA));
    byte[] unicode =
        new String(jpeg, StandardCharsets.ISO_8859_1)
            .replace("ASCII\0\0\0", "UNICODE\0")
            .getBytes(StandardCharsets.ISO_8859_1);
    Path other = Files.write(folder.resolve("other.jpg"), unicode);
    assertThatThrownBy(() -> VideoMetadata.read(other))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("carries no comment");
    assertThat(ExifComment.data("x")).startsWith('I', 'I', 42, 0, 8, 0, 0, 0);
  }
}
