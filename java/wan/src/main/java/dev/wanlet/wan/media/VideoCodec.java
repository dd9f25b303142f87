// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PROFILE_H264_HIGH;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacv.FFmpegFrameRecorder;

/** The video encoders that Wanlet writes with, and the settings of each. Immutable. */
public enum VideoCodec {
  /** In FFmpeg builds under the GPL only. Constant quality, visually lossless. */
  X264("libx264", AV_CODEC_ID_H264, Map.of("crf", "16", "preset", "medium")),

  /**
   * Cisco's H.264 encoder, every frame a key frame. Its inter frames skip a block when its
   * brightness matches the frame before, whatever its colour: a green shape moving over grey of the
   * same brightness leaves smears of up to 90 levels at any quantiser. A fixed quantiser, since a
   * clip ends before rate control has settled.
   */
  OPENH264("libopenh264", AV_CODEC_ID_H264, Map.of("rc_mode", "quality")),

  /** Constant quality; speed 4 keeps the encoder ahead of any VAE. */
  VP9(
      "libvpx-vp9",
      AV_CODEC_ID_VP9,
      Map.of("crf", "20", "deadline", "good", "cpu-used", "4", "row-mt", "1"));

  /**
   * Quantisers of openh264. At 18 a flat colour is within 2 levels, and 480p takes 10 to 100 KB a
   * frame; small clips cost nothing, and are looked at enlarged.
   */
  private static final int QUANTISER = 18;

  private static final int SMALL_CLIP_QUANTISER = 14;
  private static final int SMALL_CLIP_PIXELS = 256 * 256;

  /** At most this many seconds between key frames: seeking stays quick at little cost. */
  private static final int KEY_FRAME_SECONDS = 4;

  /** Bits a pixel of a frame may cost at most: half of an uncompressed 4:2:0 frame. */
  private static final double UNBOUND_BITS_PER_PIXEL = 6;

  private final String encoder;
  private final int codecId;
  private final Map<String, String> options;

  VideoCodec(String encoder, int codecId, Map<String, String> options) {
    this.encoder = encoder;
    this.codecId = codecId;
    this.options = options;
  }

  /** FFmpeg's name of the encoder. */
  public String encoder() {
    return encoder;
  }

  /** The first of {@code wanted} that the loaded FFmpeg build has, or null. */
  public static VideoCodec firstAvailable(List<VideoCodec> wanted) {
    return wanted.stream().filter(c -> Ffmpeg.hasEncoder(c.encoder)).findFirst().orElse(null);
  }

  /** Sets the encoder and its quality. */
  public void configure(FFmpegFrameRecorder recorder, int width, int height, double fps) {
    recorder.setVideoCodec(codecId);
    recorder.setVideoCodecName(encoder);
    if (codecId == AV_CODEC_ID_H264) {
      recorder.setVideoProfile(AV_PROFILE_H264_HIGH);
    }
    recorder.setGopSize((int) Math.ceil(fps * KEY_FRAME_SECONDS));
    // A bit rate of 0 leaves it to the constant quality of the options.
    recorder.setVideoBitrate(0);
    if (this == OPENH264) {
      String qp =
          Integer.toString(width * height <= SMALL_CLIP_PIXELS ? SMALL_CLIP_QUANTISER : QUANTISER);
      recorder.setVideoOption("qmin", qp);
      recorder.setVideoOption("qmax", qp);
      recorder.setGopSize(1);
      // It insists on a bit rate; this one never binds.
      double bits = UNBOUND_BITS_PER_PIXEL * width * height * fps;
      recorder.setVideoBitrate((int) Math.min(bits, Integer.MAX_VALUE));
    }
    options.forEach(recorder::setVideoOption);
  }
}
