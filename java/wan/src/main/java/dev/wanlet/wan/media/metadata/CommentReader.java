// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.PngSequence;
import dev.wanlet.wan.media.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacv.FFmpegFrameGrabber;

/** Finds the comment of a clip or picture. Stateless. */
final class CommentReader {
  private CommentReader() {}

  /** The comment's text; throws {@link MediaException} where there is none. */
  static String read(Path path) throws IOException {
    Path file = PngSequence.firstFile(path);
    if (!Files.isRegularFile(file)) {
      throw new MediaException(file, "no such file");
    }
    String comment =
        switch (Signature.of(file)) {
          case PNG -> PngComment.read(file);
          case GIF -> GifComment.read(file);
          case JPEG -> ExifComment.ofJpeg(file);
          case WEBP -> ExifComment.ofWebp(file);
          default -> container(file);
        };
    if (comment == null || comment.isEmpty()) {
      throw new MediaException(file, "carries no comment, so no settings of Wanlet");
    }
    return comment;
  }

  private static String container(Path file) throws IOException {
    try (FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(Ffmpeg.url(file))) {
      grabber.setCharset(StandardCharsets.UTF_8);
      return Ffmpeg.capturing(
          () -> {
            grabber.start(false);
            return grabber.getMetadata(VideoMetadata.TAG);
          },
          (reason, cause) ->
              new MediaException(file, "is not a video that can be read: " + reason, cause));
    }
  }
}
