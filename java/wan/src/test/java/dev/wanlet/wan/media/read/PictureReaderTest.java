// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PictureReaderTest {
  private static final int W = 24;
  private static final int H = 16;

  /** Left half red, right half green; the upper rows darker. */
  private static final BufferedImage PICTURE = picture();

  @TempDir Path folder;

  private static BufferedImage picture() {
    BufferedImage image = new BufferedImage(W, H, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < H; y++) {
      for (int x = 0; x < W; x++) {
        int level = y < H / 2 ? 100 : 200;
        image.setRGB(x, y, x < W / 2 ? level << 16 : level << 8);
      }
    }
    return image;
  }

  private Path write(BufferedImage image, String kind) throws IOException {
    Path file = folder.resolve("picture." + kind);
    assertThat(ImageIO.write(image, kind, file.toFile())).isTrue();
    return file;
  }

  private static int[] pixel(RgbFrame frame, int x, int y) {
    return new int[] {frame.red(x, y), frame.green(x, y), frame.blue(x, y)};
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "tiff"})
  void losslessKindsGiveTheirPixels(String kind) throws IOException {
    Path file = write(PICTURE, kind);
    PictureHeader header = PictureReader.header(file);
    assertThat(List.of(header.width(), header.height())).containsExactly(W, H);
    Picture read = PictureReader.read(file);
    assertThat(read.notes()).isEmpty();
    assertThat(pixel(read.frame(), 0, 0)).containsExactly(100, 0, 0);
    assertThat(pixel(read.frame(), W - 1, H - 1)).containsExactly(0, 200, 0);
  }

  @Test
  void sixteenBitsGreyAndPalettesGiveTheirColours() throws IOException {
    BufferedImage deep = new BufferedImage(W, H, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(3, 4, 0, 0x8080);
    RgbFrame read = PictureReader.read(write(deep, "png")).frame();
    assertThat(read.green(3, 4)).isBetween(127, 129);
    assertThat(read.green(4, 4)).isZero();

    BufferedImage grey = new BufferedImage(W, H, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(5, 6, 0, 100);
    assertThat(pixel(PictureReader.read(write(grey, "png")).frame(), 5, 6))
        .containsExactly(100, 100, 100);

    byte[] ramp = {0, 80, (byte) 160, (byte) 240};
    BufferedImage indexed =
        new BufferedImage(
            W, H, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(2, 4, ramp, ramp, ramp, 0));
    indexed.getRaster().setSample(5, 6, 0, 2);
    Picture palette = PictureReader.read(write(indexed, "png"));
    assertThat(pixel(palette.frame(), 5, 6)).containsExactly(160, 160, 160);
    assertThat(pixel(palette.frame(), 0, 0)).containsExactly(255, 255, 255);
    assertThat(palette.notes()).singleElement().asString().contains("laid over white");
  }

  @Test
  void transparencyIsLaidOverWhiteWithALine() throws IOException {
    BufferedImage image = new BufferedImage(W, H, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(3, 4, 0x80_00_00_00);
    image.setRGB(4, 4, 0xff_10_20_30);
    Picture read = PictureReader.read(write(image, "png"));
    assertThat(pixel(read.frame(), 0, 0)).containsExactly(255, 255, 255);
    assertThat(pixel(read.frame(), 3, 4)).containsExactly(127, 127, 127);
    assertThat(pixel(read.frame(), 4, 4)).containsExactly(16, 32, 48);
    assertThat(read.notes()).singleElement().asString().contains("laid over white");
    BufferedImage opaque = new BufferedImage(W, H, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < W * H; i++) {
      opaque.setRGB(i % W, i / W, 0xff_10_20_30);
    }
    assertThat(PictureReader.read(write(opaque, "png")).notes()).isEmpty();
  }

  /** Where the stored picture's upper left corner is once it is upright. */
  @ParameterizedTest
  @CsvSource({
    "1, left, upper", "2, right, upper", "3, right, lower", "4, left, lower",
    "5, left, upper", "6, right, upper", "7, right, lower", "8, left, lower"
  })
  void exifOrientationIsApplied(int orientation, String side, String end) throws IOException {
    byte[] jpeg = Files.readAllBytes(write(large(), "jpg"));
    byte[] exif = exif(orientation);
    ByteBuffer all = ByteBuffer.allocate(jpeg.length + exif.length + 4);
    all.put(jpeg, 0, 2).putShort((short) 0xffe1).putShort((short) (exif.length + 2)).put(exif);
    all.put(jpeg, 2, jpeg.length - 2);
    Path file = Files.write(folder.resolve("turned.jpg"), all.array());
    RgbFrame read = PictureReader.read(file).frame();
    boolean turned = orientation >= 5;
    assertThat(List.of(read.width(), read.height()))
        .containsExactly(turned ? 48 : 96, turned ? 96 : 48);
    PictureHeader header = PictureReader.header(file);
    assertThat(List.of(header.width(), header.height()))
        .containsExactly(read.width(), read.height());
    int x = side.equals("left") ? 4 : read.width() - 5;
    int y = end.equals("upper") ? 4 : read.height() - 5;
    assertThat(read.red(x, y)).isGreaterThan(200);
    assertThat(read.red(read.width() - 1 - x, y)).isLessThan(50);
    assertThat(read.red(x, read.height() - 1 - y)).isLessThan(50);
  }

  /** White in its upper left quarter, 96x48. */
  private static BufferedImage large() {
    BufferedImage image = new BufferedImage(96, 48, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 48 * 24; i++) {
      image.setRGB(i % 48, i / 48, 0xffffff);
    }
    return image;
  }

  private static byte[] exif(int orientation) {
    ByteBuffer bytes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put("Exif\0\0II*\0".getBytes()).putInt(8).putShort((short) 1);
    bytes.putShort((short) 274).putShort((short) 3).putInt(1).putInt(orientation).putInt(0);
    return bytes.array();
  }

  @Test
  void webpAndItsExifAreRead() throws IOException {
    Path plain = webp();
    assertThat(pixel(PictureReader.read(plain).frame(), 20, 20)).containsExactly(48, 32, 16);
    byte[] bytes = Files.readAllBytes(plain);
    byte[] exif = Arrays.copyOfRange(exif(6), 6, 32);
    ByteBuffer extended =
        ByteBuffer.allocate(bytes.length + 18 + 8 + exif.length).order(ByteOrder.LITTLE_ENDIAN);
    extended.put("RIFF".getBytes()).putInt(extended.capacity() - 8).put("WEBPVP8X".getBytes());
    extended.putInt(10).putInt(0x08).putShort((short) 49).put((byte) 0);
    extended.putShort((short) 33).put((byte) 0).put(bytes, 12, bytes.length - 12);
    extended.put("EXIF".getBytes()).putInt(exif.length).put(exif);
    Path turned = Files.write(folder.resolve("turned.webp"), extended.array());
    RgbFrame read = PictureReader.read(turned).frame();
    assertThat(List.of(read.width(), read.height())).containsExactly(34, 50);

    extended.putInt(20, 0x0a);
    Path animated = Files.write(folder.resolve("animated.webp"), extended.array());
    assertThatThrownBy(() -> PictureReader.read(animated))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("animated WebP");
  }

  private Path webp() throws IOException {
    Path file = folder.resolve("picture.webp");
    Ffmpeg.load();
    try (FFmpegFrameRecorder recorder = new FFmpegFrameRecorder(file.toString(), 50, 34)) {
      recorder.setFormat("webp");
      recorder.setVideoCodec(avcodec.AV_CODEC_ID_WEBP);
      recorder.setVideoCodecName("libwebp");
      recorder.setPixelFormat(avutil.AV_PIX_FMT_BGRA);
      recorder.setVideoOption("lossless", "1");
      recorder.start();
      ByteBuffer bgra = ByteBuffer.allocateDirect(50 * 34 * 4);
      while (bgra.hasRemaining()) {
        bgra.putInt(0x10_20_30_ff);
      }
      recorder.recordImage(
          50, 34, Frame.DEPTH_UBYTE, 4, 50 * 4, avutil.AV_PIX_FMT_BGRA, bgra.flip());
    }
    return file;
  }

  @Test
  void ofAnAnimationTheFirstFrameIsUsedWithALine() throws IOException {
    Path still = write(PICTURE, "gif");
    assertThat(PictureReader.read(still).notes()).isEmpty();
    byte[] gif = Files.readAllBytes(still);
    int image = 13 + 3 * (2 << (gif[10] & 7));
    while (gif[image] == 0x21) {
      image += 8; // a graphic control extension
    }
    byte[] twice = Arrays.copyOf(gif, gif.length - 1 + gif.length - image);
    System.arraycopy(gif, image, twice, gif.length - 1, gif.length - image);
    Path animated = Files.write(folder.resolve("animated.gif"), twice);
    Picture read = PictureReader.read(animated);
    assertThat(read.notes()).singleElement().asString().contains("only the first is used");
    assertThat(read.frame().width()).isEqualTo(W);
  }

  @Test
  void colourProfilesAreSaidToBeIgnored() throws IOException {
    byte[] png = Files.readAllBytes(write(PICTURE, "png"));
    ByteArrayOutputStream profile = new ByteArrayOutputStream();
    profile.writeBytes("p\0\0".getBytes());
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(profile)) {
      deflated.write(ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData());
    }
    Path file = folder.resolve("profile.png");
    Files.write(file, withChunk(png, "iCCP", profile.toByteArray()));
    Picture read = PictureReader.read(file);
    assertThat(read.notes()).singleElement().asString().contains("colour profile");
    assertThat(pixel(read.frame(), 0, 0)).containsExactly(100, 0, 0);
  }

  private static byte[] withChunk(byte[] png, String name, byte[] content) {
    int behindHeader = 33;
    ByteBuffer all = ByteBuffer.allocate(png.length + 12 + content.length);
    all.put(png, 0, behindHeader).putInt(content.length).put(name.getBytes()).put(content);
    CRC32 sum = new CRC32();
    sum.update(name.getBytes());
    sum.update(content);
    all.putInt((int) sum.getValue()).put(png, behindHeader, png.length - behindHeader);
    return all.array();
  }

  @Test
  void hugePicturesAreRefusedByTheirHeaders() throws IOException {
    byte[] png = Files.readAllBytes(write(PICTURE, "png"));
    ByteBuffer.wrap(png).putInt(16, 20_000).putInt(20, 20_000);
    Path file = Files.write(folder.resolve("huge.png"), png);
    assertThatThrownBy(() -> PictureReader.read(file))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("is 20000x20000 pixels; expected at most 67108864");
    ByteBuffer.wrap(png).putInt(16, 20_000).putInt(20, 1);
    Files.write(file, png);
    assertThatThrownBy(() -> PictureReader.header(file)).hasMessageContaining("no side above");
    ByteBuffer.wrap(png).putInt(16, 0);
    Files.write(file, png);
    assertThatThrownBy(() -> PictureReader.header(file)).hasMessageContaining("damaged PNG");
  }

  @Test
  void cutOffPicturesAreNamed() throws IOException {
    for (String kind : List.of("png", "jpg", "tiff", "bmp", "gif")) {
      byte[] bytes = Files.readAllBytes(write(noise(), kind));
      for (int length : new int[] {bytes.length / 2, 12}) {
        Path file = Files.write(folder.resolve("cut." + kind), Arrays.copyOf(bytes, length));
        assertThatThrownBy(() -> PictureReader.read(file))
            .as(kind + " of " + length + " bytes")
            .isInstanceOf(MediaException.class)
            .hasMessageContaining(file.toString())
            .hasMessageContaining("damaged");
      }
    }
  }

  /** Whatever a file says, there is a picture or one clear error. */
  @Test
  void damagedBytesNeverDoMoreThanRefuse() throws IOException {
    Random random = new Random(3);
    List<Path> whole = new ArrayList<>(List.of(webp()));
    for (String kind : List.of("png", "jpg", "tiff", "bmp", "gif")) {
      whole.add(write(PICTURE, kind));
    }
    int refused = 0;
    for (Path file : whole) {
      byte[] bytes = Files.readAllBytes(file);
      for (int i = 0; i < 100; i++) {
        byte[] damaged = bytes.clone();
        for (int n = random.nextInt(8); n >= 0; n--) {
          damaged[random.nextInt(Math.min(200, damaged.length))] = (byte) random.nextInt();
        }
        Path copy = Files.write(folder.resolve("damaged"), damaged);
        try {
          PictureHeader header = PictureReader.header(copy);
          assertThat(header.pixels()).isPositive().isLessThanOrEqualTo(8192L * 8192);
          if (header.pixels() < 10_000) {
            PictureReader.read(copy);
          }
        } catch (MediaException e) {
          assertThat(e).hasMessageContaining("damaged");
          refused++;
        }
      }
    }
    assertThat(refused).isGreaterThan(50);
  }

  private static BufferedImage noise() {
    BufferedImage image = new BufferedImage(96, 48, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int i = 0; i < 96 * 48; i++) {
      image.setRGB(i % 96, i / 96, random.nextInt());
    }
    return image;
  }

  @Test
  void inksInAJpegAreRefused() throws IOException {
    WritableRaster inks = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, W, H, 4, null);
    for (int i = 0; i < W * H; i++) {
      inks.setPixel(i % W, i / W, new int[] {255, 255, 255, 255});
    }
    Path file = folder.resolve("inks.jpg");
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.write(new IIOImage(inks, null, null));
    } finally {
      writer.dispose();
    }
    assertThatThrownBy(() -> PictureReader.read(file))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("CMYK");
  }

  @Test
  void inksInATiffAreRefused() throws IOException {
    byte[] tiff = Files.readAllBytes(write(PICTURE, "tiff"));
    ByteBuffer bytes = ByteBuffer.wrap(tiff);
    bytes.order(tiff[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = bytes.getInt(4);
    for (int i = 0; i < bytes.getShort(directory); i++) {
      int entry = directory + 2 + 12 * i;
      if (bytes.getShort(entry) == TiffDirectory.PHOTOMETRIC) {
        bytes.putShort(entry + 8, (short) TiffDirectory.SEPARATED);
      }
    }
    Path file = Files.write(folder.resolve("cmyk.tiff"), tiff);
    assertThatThrownBy(() -> PictureReader.read(file))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("CMYK");
  }
}
