// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.global.avutil;

/** What the bundled FFmpeg is and can do, for reports. Stateless, thread-safe. */
public final class MediaSupport {
  private MediaSupport() {}

  /**
   * FFmpeg's version.
   *
   * @throws IllegalStateException if its libraries cannot be loaded; the message says why
   */
  public static String ffmpegVersion() {
    Ffmpeg.load();
    return avutil.av_version_info().getString();
  }

  /** Whether this build has the named encoder. */
  public static boolean hasEncoder(String name) {
    return Ffmpeg.hasEncoder(name);
  }

  /** The video encoders of this build that Wanlet uses, best first. */
  public static List<String> encoders() {
    return Stream.of(VideoCodec.values())
        .map(VideoCodec::encoder)
        .filter(Ffmpeg::hasEncoder)
        .toList();
  }
}
