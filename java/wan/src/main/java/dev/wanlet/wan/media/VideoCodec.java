// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_AV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PROFILE_H264_HIGH;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P10LE;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacv.FFmpegFrameRecorder;

/** The video encoders that Wanlet writes with, and the settings of each. Immutable. */
public enum VideoCodec {
  /** In FFmpeg builds under the GPL only. Constant quality, visually lossless. */
  X264("libx264", AV_CODEC_ID_H264, Kind.GPL, 16, 51, 16, "crf", 1, Map.of("preset", "medium")),

  /**
   * Cisco's H.264 encoder, every frame a key frame. Its inter frames skip a block when its
   * brightness matches the frame before, whatever its colour: a green shape moving over grey of the
   * same brightness leaves smears of up to 90 levels at any quantiser. A fixed quantiser, since a
   * clip ends before rate control has settled: a quality that is asked for is that quantiser.
   */
  OPENH264(
      "libopenh264",
      AV_CODEC_ID_H264,
      Kind.FREE,
      16,
      51,
      18,
      "qmin",
      1,
      Map.of("rc_mode", "quality")),

  /** In NVIDIA's cards. */
  NVENC_H264(
      "h264_nvenc", AV_CODEC_ID_H264, Kind.NVIDIA, 160, 51, 18, "qp", 1, Map.of("rc", "constqp")),

  /** In FFmpeg builds under the GPL only. */
  X265(
      "libx265",
      AV_CODEC_ID_HEVC,
      Kind.GPL,
      16,
      51,
      18,
      "crf",
      1,
      Map.of("preset", "medium", "x265-params", "log-level=error")),

  /** In NVIDIA's cards. */
  NVENC_HEVC(
      "hevc_nvenc", AV_CODEC_ID_HEVC, Kind.NVIDIA, 160, 51, 20, "qp", 1, Map.of("rc", "constqp")),

  /** Constant quality, for any size; speed 6 keeps it ahead of the VAE of a large model. */
  AOM_AV1(
      "libaom-av1",
      AV_CODEC_ID_AV1,
      Kind.FREE,
      16,
      63,
      14,
      "crf",
      1,
      Map.of("cpu-used", "6", "row-mt", "1")),

  /**
   * Where the other is missing: it is faster, but takes hundreds of MiB for the smallest clip, and
   * writes to stderr by itself unless the environment has SVT_LOG.
   */
  SVT_AV1("libsvtav1", AV_CODEC_ID_AV1, Kind.FREE, 64, 63, 14, "crf", 1, Map.of("preset", "6")),

  /** In NVIDIA's newer cards; its quantisers go to 255. */
  NVENC_AV1(
      "av1_nvenc", AV_CODEC_ID_AV1, Kind.NVIDIA, 160, 63, 20, "qp", 4, Map.of("rc", "constqp")),

  /** Constant quality; speed 4 keeps the encoder ahead of any VAE. */
  VP9(
      "libvpx-vp9",
      AV_CODEC_ID_VP9,
      Kind.FREE,
      16,
      63,
      20,
      "crf",
      1,
      Map.of("deadline", "good", "cpu-used", "4", "row-mt", "1"));

  private enum Kind {
    FREE("in most builds of FFmpeg"),
    GPL("in builds of FFmpeg under the GPL only"),
    NVIDIA("in builds with NVENC, for NVIDIA's cards");

    private final String where;

    Kind(String where) {
      this.where = where;
    }
  }

  /** Small clips cost nothing, and are looked at enlarged: openh264 takes a lower quantiser. */
  private static final int SMALL_CLIP_QUANTISER = 14;

  private static final int SMALL_CLIP_PIXELS = 256 * 256;

  /** At most this many seconds between key frames: seeking stays quick at little cost. */
  private static final int KEY_FRAME_SECONDS = 4;

  /** Bits a pixel of a frame may cost at most: half of an uncompressed 4:2:0 frame. */
  private static final double UNBOUND_BITS_PER_PIXEL = 6;

  /** Why encoders that need a device do not start, empty text if they do. */
  private static final Map<VideoCodec, String> FAILURES = new ConcurrentHashMap<>();

  private final String encoder;
  private final int codecId;
  private final Kind kind;
  private final int leastSide;
  private final int worstQuality;
  private final int usualQuality;
  private final String qualityOption;
  private final int qualityFactor;
  private final Map<String, String> options;

  VideoCodec(
      String encoder,
      int codecId,
      Kind kind,
      int leastSide,
      int worstQuality,
      int usualQuality,
      String qualityOption,
      int qualityFactor,
      Map<String, String> options) {
    this.encoder = encoder;
    this.codecId = codecId;
    this.kind = kind;
    this.leastSide = leastSide;
    this.worstQuality = worstQuality;
    this.usualQuality = usualQuality;
    this.qualityOption = qualityOption;
    this.qualityFactor = qualityFactor;
    this.options = options;
  }

  /** FFmpeg's name of the encoder. */
  public String encoder() {
    return encoder;
  }

  /** FFmpeg's number of the codec. */
  public int codecId() {
    return codecId;
  }

  /** The shortest side that it takes, in pixels. */
  public int leastSide() {
    return leastSide;
  }

  /** The constant quality that is lowest; 1 is the highest. */
  public int worstQuality() {
    return worstQuality;
  }

  /** The constant quality unless another one is asked for. */
  public int usualQuality() {
    return usualQuality;
  }

  /** Which builds of FFmpeg have it. */
  public String whereToFind() {
    return kind.where;
  }

  /** Whether this build of FFmpeg has it. */
  public boolean isBuiltIn() {
    return Ffmpeg.hasEncoder(encoder);
  }

  /** Whether it writes samples of 10 bits in 4:2:0. */
  public boolean takesTenBits() {
    return Ffmpeg.takesPixels(encoder, AV_PIX_FMT_YUV420P10LE);
  }

  /** Why it does not start on this machine; empty if it does, or needs no device. */
  public Optional<String> failure() {
    if (kind != Kind.NVIDIA) {
      return Optional.empty();
    }
    return Optional.of(FAILURES.computeIfAbsent(this, c -> Ffmpeg.startFailure(c.encoder)))
        .filter(why -> !why.isEmpty());
  }

  /** Sets the encoder and its quality, its usual one unless another is given. */
  public void configure(
      FFmpegFrameRecorder recorder,
      int width,
      int height,
      double fps,
      OptionalInt quality,
      boolean tenBits) {
    recorder.setVideoCodec(codecId);
    recorder.setVideoCodecName(encoder);
    if (codecId == AV_CODEC_ID_H264 && !tenBits) {
      recorder.setVideoProfile(AV_PROFILE_H264_HIGH);
    }
    recorder.setGopSize((int) Math.ceil(fps * KEY_FRAME_SECONDS));
    // A bit rate of 0 leaves it to the constant quality of the options.
    recorder.setVideoBitrate(0);
    boolean small = this == OPENH264 && width * height <= SMALL_CLIP_PIXELS;
    String q =
        Integer.toString(
            qualityFactor * quality.orElse(small ? SMALL_CLIP_QUANTISER : usualQuality));
    recorder.setVideoOption(qualityOption, q);
    if (this == OPENH264) {
      recorder.setVideoOption("qmax", q);
      recorder.setGopSize(1);
      // It insists on a bit rate; this one never binds.
      double bits = UNBOUND_BITS_PER_PIXEL * width * height * fps;
      recorder.setVideoBitrate((int) Math.min(bits, Integer.MAX_VALUE));
    }
    options.forEach(recorder::setVideoOption);
  }
}
