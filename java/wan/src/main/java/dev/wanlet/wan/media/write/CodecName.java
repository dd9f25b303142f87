// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.VideoCodec;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The forms of video that Wanlet writes, by the names users type. Immutable. */
public enum CodecName {
  /** Plays everywhere. */
  H264(
      List.of("h264", "avc", "h.264"), VideoCodec.X264, VideoCodec.OPENH264, VideoCodec.NVENC_H264),
  /** Half of H.264's size; many encoders of it are under the GPL or in graphics cards. */
  H265(List.of("h265", "hevc", "h.265"), VideoCodec.X265, VideoCodec.NVENC_HEVC),
  /** Smaller still, and free of licences; slow to write. */
  AV1(List.of("av1"), VideoCodec.AOM_AV1, VideoCodec.SVT_AV1, VideoCodec.NVENC_AV1),
  /** What WebM mostly holds. */
  VP9(List.of("vp9"), VideoCodec.VP9);

  private final List<String> names;
  private final List<VideoCodec> encoders;

  CodecName(List<String> names, VideoCodec... encoders) {
    this.names = names;
    this.encoders = List.of(encoders);
  }

  /**
   * Finds a codec by name or alias, whatever the case.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static CodecName parse(String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(c -> c.names.contains(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown codec '"
                        + name
                        + "'; expected one of "
                        + Arrays.stream(values())
                            .map(CodecName::id)
                            .collect(Collectors.joining(", "))));
  }

  /** The name to write in metadata and messages. */
  public String id() {
    return names.get(0);
  }

  /** Encoders that write it, best first. */
  List<VideoCodec> encoders() {
    return encoders;
  }

  @Override
  public String toString() {
    return id();
  }
}
