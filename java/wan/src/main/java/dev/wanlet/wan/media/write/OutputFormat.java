// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.OutputException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a clip can be written as, chosen by the extension of its path. Immutable. */
enum OutputFormat {
  // Video took at most 2 bits a pixel of noisy clips; pictures of noise take what their pixels do.
  MP4("mp4", "H.264, H.265 or AV1 video", 0.5),
  WEBM("webm", "VP9 or AV1 video", 0.5),
  GIF("gif", "animation of 256 colours a frame", 1.25),
  PNG("png", "numbered lossless pictures, as in frames/%04d.png", 3.05),
  JPEG("jpg", "one picture of quality 95", 3.05),
  WEBP("webp", "one lossless picture", 3.05);

  private static final String OTHER_JPEG = "jpeg";

  /** Headers and settings of a file or picture. */
  private static final long EXTRA_BYTES = 16 << 10;

  private final String extension;
  private final String description;
  private final double bytesPerPixel;

  OutputFormat(String extension, String description, double bytesPerPixel) {
    this.extension = extension;
    this.description = description;
    this.bytesPerPixel = bytesPerPixel;
  }

  /** Room that a clip of frames with so many pixels may take on the disk. */
  long roomBytes(long pixels, int frames) {
    return frames * ((long) (bytesPerPixel * pixels) + (this == PNG ? EXTRA_BYTES : 0))
        + EXTRA_BYTES;
  }

  /**
   * The format of this path.
   *
   * @throws OutputException if the extension is missing or unknown
   */
  static OutputFormat of(Path path) {
    Path name = path.getFileName();
    String text = name == null ? "" : name.toString();
    int dot = text.lastIndexOf('.');
    String extension = dot < 0 ? "" : text.substring(dot + 1).toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(f -> f.extension.equals(extension.equals(OTHER_JPEG) ? JPEG.extension : extension))
        .findFirst()
        .orElseThrow(
            () ->
                new OutputException(
                    path
                        + ": "
                        + (extension.isEmpty()
                            ? "the output has no extension"
                            : "cannot write '." + extension + "' files")
                        + "; expected one of "
                        + supported()));
  }

  /** Codecs that this format holds, the usual one first; empty for what is no video. */
  List<CodecName> codecs() {
    return switch (this) {
      case MP4 -> List.of(CodecName.H264, CodecName.H265, CodecName.AV1, CodecName.VP9);
      case WEBM -> List.of(CodecName.VP9, CodecName.AV1);
      case GIF, PNG, JPEG, WEBP -> List.of();
    };
  }

  /** Whether it holds one frame and no more. */
  boolean isStill() {
    return this == JPEG || this == WEBP;
  }

  private static String supported() {
    return Arrays.stream(values())
        .map(f -> "." + f.extension + " (" + f.description + ")")
        .collect(Collectors.joining(", "));
  }
}
