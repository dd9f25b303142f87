// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadersTest {
  private static final RgbFrame DISC =
      SyntheticClip.discMovingLeft(50, 34, 1, SyntheticClip.BLUE, SyntheticClip.GRAY).get(0);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"png, 0", "bmp, 0", "gif, 0", "jpg, 12"})
  void picturesGiveTheirColours(String kind, int tolerance) throws IOException {
    // The name is of no matter: the content tells the format.
    Path file = folder.resolve("picture %04d.dat");
    assertThat(ImageIO.write(Images.toBufferedImage(DISC), kind, file.toFile())).isTrue();
    RgbFrame read = ImageReader.read(file);
    assertThat(read.width()).isEqualTo(50);
    assertThat(read.height()).isEqualTo(34);
    assertThat(SyntheticClip.flatError(DISC, read, 5)).isLessThanOrEqualTo(tolerance);
  }

  @Test
  void webpGivesItsColours() throws IOException {
    Path file = folder.resolve("picture.webp");
    Ffmpeg.load();
    try (FFmpegFrameRecorder recorder = new FFmpegFrameRecorder(file.toString(), 50, 34)) {
      recorder.setFormat("webp");
      recorder.setVideoCodec(avcodec.AV_CODEC_ID_WEBP);
      recorder.setVideoCodecName("libwebp");
      recorder.setPixelFormat(avutil.AV_PIX_FMT_BGRA);
      recorder.setVideoOption("lossless", "1");
      recorder.start();
      ByteBuffer bgra = ByteBuffer.allocateDirect(50 * 34 * 4).order(ByteOrder.BIG_ENDIAN);
      while (bgra.hasRemaining()) {
        bgra.putInt(0x10_20_30_ff);
      }
      recorder.recordImage(
          50, 34, Frame.DEPTH_UBYTE, 4, 50 * 4, avutil.AV_PIX_FMT_BGRA, bgra.flip());
    }
    RgbFrame read = ImageReader.read(file);
    assertThat(read.width()).isEqualTo(50);
    assertThat(read.height()).isEqualTo(34);
    assertThat(read.rgb24()).startsWith(0x30, 0x20, 0x10).containsOnly(0x30, 0x20, 0x10);
  }

  @Test
  void alphaIsDroppedAndGreyIsNotBrightened() throws IOException {
    Path file = folder.resolve("a.png");
    BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(3, 4, 0x40_10_20_30);
    ImageIO.write(image, "png", file.toFile());
    RgbFrame read = ImageReader.read(file);
    assertThat(List.of(read.red(3, 4), read.green(3, 4), read.blue(3, 4)))
        .containsExactly(16, 32, 48);

    BufferedImage grey = new BufferedImage(20, 20, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(5, 6, 0, 100);
    ImageIO.write(grey, "png", file.toFile());
    assertThat(ImageReader.read(file).green(5, 6)).isEqualTo(100);
  }

  @Test
  void damagedPicturesAreNamed() throws IOException {
    for (String kind : List.of("png", "jpg")) {
      Path file = folder.resolve("a." + kind);
      BufferedImage noise = new BufferedImage(200, 200, BufferedImage.TYPE_INT_RGB);
      Random random = new Random(1);
      for (int i = 0; i < 200 * 200; i++) {
        noise.setRGB(i % 200, i / 200, random.nextInt());
      }
      ImageIO.write(noise, kind, file.toFile());
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      assertThatThrownBy(() -> ImageReader.read(file))
          .as(kind)
          .isInstanceOf(MediaException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("damaged");
    }
  }

  @Test
  void wrongKindsAreNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("a.png"), "not a picture");
    assertThatThrownBy(() -> ImageReader.read(text))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("expected PNG, JPEG, WebP, BMP, TIFF or GIF");
    assertThatThrownBy(() -> ImageReader.read(folder.resolve("none.png")))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> VideoReader.open(text))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("not a video");
    assertThatThrownBy(() -> VideoReader.open(folder)).isInstanceOf(MediaException.class);
  }

  @Test
  void hugePictureInATinyFileIsRefused() throws IOException {
    Path file = folder.resolve("bomb.png");
    ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 16, 24, (byte) 0x3f);
    Files.write(file, bytes);
    assertThatThrownBy(() -> ImageReader.read(file))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("damaged PNG");
  }

  @Test
  void videoThatLostItsEndIsNamed() throws IOException {
    Path file = folder.resolve("clip.mp4");
    try (FrameSink sink = FrameSinks.open(file, 64, 64, 16, VideoMetadata.empty())) {
      for (RgbFrame frame :
          SyntheticClip.discMovingLeft(64, 64, 9, SyntheticClip.RED, SyntheticClip.GRAY)) {
        sink.accept(frame);
      }
      sink.finish();
    }
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - bytes.length / 4));
    assertThatThrownBy(() -> VideoReader.readAll(file))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("of its 9 frames");
  }

  @Test
  void closedReaderSaysSo() throws IOException {
    Path file = folder.resolve("clip.gif");
    try (FrameSink sink = FrameSinks.open(file, 50, 34, 16, VideoMetadata.empty())) {
      sink.accept(DISC);
      sink.finish();
    }
    VideoReader reader = VideoReader.open(file);
    assertThat(reader.next()).isPresent();
    assertThat(reader.next()).isEmpty();
    reader.close();
    reader.close();
    assertThatThrownBy(reader::next).isInstanceOf(IllegalStateException.class);
  }
}
