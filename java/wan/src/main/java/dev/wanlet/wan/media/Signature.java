// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a picture file is by its first bytes, whatever its name. Immutable. */
public enum Signature {
  PNG("png_pipe"),
  JPEG("jpeg_pipe"),
  WEBP("webp_pipe"),
  BMP("bmp_pipe"),
  TIFF("tiff_pipe"),
  GIF("gif"),
  OTHER(null);

  private static final int LONGEST = 12;

  private final String demuxer;

  Signature(String demuxer) {
    this.demuxer = demuxer;
  }

  /** FFmpeg's name of the format, null for {@link #OTHER}. */
  public String demuxer() {
    return demuxer;
  }

  public static Signature of(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return of(new String(in.readNBytes(LONGEST), StandardCharsets.ISO_8859_1));
    }
  }

  private static Signature of(String start) {
    if (start.startsWith("\u0089PNG\r\n\u001a\n")) {
      return PNG;
    }
    if (start.startsWith("\u00ff\u00d8\u00ff")) {
      return JPEG;
    }
    if (start.startsWith("RIFF") && start.endsWith("WEBP")) {
      return WEBP;
    }
    if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) {
      return GIF;
    }
    if (start.startsWith("II*\0") || start.startsWith("MM\0*")) {
      return TIFF;
    }
    return start.startsWith("BM") ? BMP : OTHER;
  }
}
