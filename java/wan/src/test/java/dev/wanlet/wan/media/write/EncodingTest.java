// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import dev.wanlet.wan.media.VideoCodec;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Codecs, qualities and pixels beyond what a file's extension says. */
class EncodingTest {
  private static final int EDGE_MARGIN = 4;

  private static final VideoMetadata METADATA =
      VideoMetadata.builder().put("prompt", "一只猫 🐈‍⬛").put("seed", 42).build();

  @TempDir Path folder;

  private static Encoding encoding(String codec, Integer crf, boolean tenBits) {
    return new Encoding(
        Optional.ofNullable(codec).map(CodecName::parse),
        crf == null ? OptionalInt.empty() : OptionalInt.of(crf),
        tenBits ? PixelFormat.YUV420P10LE : PixelFormat.YUV420P);
  }

  private Path write(String name, List<RgbFrame> clip, Encoding encoding) throws IOException {
    Path file = folder.resolve(name);
    RgbFrame first = clip.get(0);
    try (FrameSink sink =
        FrameSinks.open(file, first.width(), first.height(), 16, encoding, METADATA)) {
      for (RgbFrame frame : clip) {
        sink.accept(frame);
      }
      sink.finish();
    }
    return file;
  }

  private record Stream(int codec, String pixels) {
    static Stream of(Path file) throws IOException {
      try (FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(Ffmpeg.url(file))) {
        grabber.start();
        return new Stream(
            grabber.getVideoCodec(),
            avutil
                .av_get_pix_fmt_name(
                    grabber
                        .getFormatContext()
                        .streams(grabber.getVideoStream())
                        .codecpar()
                        .format())
                .getString());
      }
    }
  }

  private static int number(CodecName codec) {
    return codec.encoders().get(0).codecId();
  }

  @ParameterizedTest
  @CsvSource({
    "clip.mp4, av1, 64, false",
    "clip.mp4, av1, 64, true",
    "clip.mp4, av1, 48, true",
    "clip.webm, av1, 64, false",
    "clip.mp4, vp9, 64, false",
    "clip.mp4, h264, 64, false"
  })
  void theClipIsOfTheCodecAndKeepsColoursAndSettings(
      String name, String codec, int side, boolean tenBits) throws IOException {
    List<RgbFrame> clip =
        SyntheticClip.discMovingLeft(side, side, 9, SyntheticClip.GREEN, SyntheticClip.GRAY);
    Path file = write(name, clip, encoding(codec, null, tenBits));
    assertThat(Stream.of(file))
        .isEqualTo(new Stream(number(CodecName.parse(codec)), tenBits ? "yuv420p10le" : "yuv420p"));
    List<RgbFrame> decoded = VideoReader.readAll(file);
    assertThat(decoded).hasSize(9);
    for (int t = 0; t < clip.size(); t++) {
      assertThat(SyntheticClip.flatError(clip.get(t), decoded.get(t), EDGE_MARGIN))
          .as("flat colours of frame %d", t)
          .isLessThanOrEqualTo(8);
    }
    assertThat(VideoMetadata.read(file)).isEqualTo(METADATA);
  }

  @ParameterizedTest
  @CsvSource({"h264", "av1", "vp9"})
  void theLastFrameStaysAsLongAsTheOthers(String codec) throws IOException {
    List<RgbFrame> clip =
        SyntheticClip.discMovingLeft(64, 64, 9, SyntheticClip.GREEN, SyntheticClip.GRAY);
    Path file = write("clip.mp4", clip, encoding(codec, null, false));
    try (FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(Ffmpeg.url(file))) {
      grabber.start();
      assertThat(grabber.getLengthInTime() / 1e6).isCloseTo(9 / 16.0, within(0.01));
    }
  }

  @ParameterizedTest
  @CsvSource({"clip.mp4, h264", "clip.mp4, av1", "clip.webm, vp9"})
  void aLowerQualityIsASmallerFile(String name, String codec) throws IOException {
    List<RgbFrame> clip =
        SyntheticClip.discMovingLeft(128, 128, 5, SyntheticClip.RED, SyntheticClip.NAVY);
    long fine = Files.size(write("fine-" + name, clip, encoding(codec, 5, false)));
    long coarse = Files.size(write("coarse-" + name, clip, encoding(codec, 48, false)));
    assertThat(coarse).isLessThan(fine);
  }

  /** What the encoder at hand makes, or, where there is none, what FFmpeg's own program made. */
  @Test
  void hevcInMp4IsMarkedForApplesPlayersAndKeepsItsFrames() throws IOException {
    Path made = folder.resolve("made.mp4");
    try (InputStream in = EncodingTest.class.getResourceAsStream("hev1.mp4")) {
      Files.copy(in, made);
    }
    List<RgbFrame> before = VideoReader.readAll(made);
    assertThat(bytes(made)).contains("hev1");
    PendingFile pending = new PendingFile(folder.resolve("clip.mp4"));
    Files.copy(made, pending.temporary());
    HevcTag.apply(pending);
    pending.commit();
    pending.delete();
    Path file = folder.resolve("clip.mp4");
    assertThat(bytes(file)).contains("hvc1").doesNotContain("hev1");
    // hvcC: each array of parameter sets says that it is complete (its first bit).
    String index = bytes(file);
    int arrays = index.indexOf("hvcC") + 4 + 23;
    assertThat(index.charAt(arrays) & 0x80).isEqualTo(0x80);
    assertThat(index.indexOf("moov")).isLessThan(index.indexOf("mdat"));
    assertThat(VideoReader.readAll(file))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(before);
    assertThat(VideoMetadata.read(file).setting("seed")).contains(7L);
    assertThat(Stream.of(file).codec()).isEqualTo(avcodec.AV_CODEC_ID_HEVC);
  }

  private static String bytes(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  @Test
  void whatNoEncoderHereWritesIsToldWithWhatThereIs() {
    assumeTrue(!VideoCodec.X265.isBuiltIn() && VideoCodec.SVT_AV1.isBuiltIn());
    assumeTrue(VideoCodec.NVENC_HEVC.failure().isPresent());
    assertThatThrownBy(
            () ->
                FrameSinks.checkWritable(
                    folder.resolve("a.mp4"), 256, 256, 16, encoding("hevc", null, false)))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("no encoder here writes h265")
        .hasMessageContaining("libx265 is missing (it is in builds of FFmpeg under the GPL only)")
        .hasMessageContaining("hevc_nvenc does not start here")
        .hasMessageContaining("av1 (libaom-av1), av1 (libsvtav1), vp9 (libvpx-vp9)");
    assertThatThrownBy(
            () ->
                FrameSinks.checkWritable(
                    folder.resolve("a.mp4"), 256, 256, 16, encoding("h264", null, true)))
        .hasMessageContaining("no encoder here writes h264 in 10 bits")
        .hasMessageContaining("libopenh264 writes 8 bits only");
  }

  @Test
  void qualitiesAndCodecsThatCannotBeAreRefused() {
    Path mp4 = folder.resolve("a.mp4");
    assertThatThrownBy(() -> FrameSinks.checkWritable(mp4, 64, 64, 16, encoding("h264", 52, false)))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("quality 52; expected 1 to 51 for h264");
    assertThatThrownBy(() -> FrameSinks.checkWritable(mp4, 64, 64, 16, encoding("av1", 0, false)))
        .hasMessageContaining("expected 1 to 63 for av1");
    assertThatThrownBy(
            () ->
                FrameSinks.checkWritable(
                    folder.resolve("a.webm"), 64, 64, 16, encoding("h264", null, false)))
        .hasMessageContaining("this kind of file holds vp9 or av1, not h264");
    assertThatThrownBy(() -> CodecName.parse("mjpeg"))
        .hasMessageContaining("unknown codec 'mjpeg'; expected one of h264, h265, av1, vp9");
  }
}
