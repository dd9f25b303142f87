// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.Frame;
import org.bytedeco.javacv.FrameGrabber.ImageMode;

/**
 * Reads a PNG, JPEG, WebP, BMP, TIFF, or the first frame of a GIF as RGB, as it is stored: an alpha
 * channel is dropped, as in the reference. The content tells the format, not the name. {@link
 * PictureReader} reads pictures as people see them. Stateless, thread-safe.
 *
 * <p>Source: Wan2.1 {@code generate.py}, {@code Image.open(...).convert("RGB")}.
 */
public final class ImageReader {
  private ImageReader() {}

  /**
   * Reads a picture.
   *
   * @return [H, W, 3], U8
   * @throws MediaException if the file is missing, damaged, too large or of another kind
   */
  public static RgbFrame read(Path file) throws IOException {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new MediaException(file, "no such file, or it may not be read");
    }
    Signature signature = Signature.of(file);
    if (signature == Signature.OTHER) {
      throw new MediaException(
          file, "is not a picture that can be read; expected PNG, JPEG, WebP, BMP, TIFF or GIF");
    }
    return decode(file, signature, FrameDecoder::convert);
  }

  /** Decodes the first picture of a file. */
  static <T> T decode(
      Path file, Signature signature, BiFunction<FrameDecoder, AVFrame, T> conversion)
      throws IOException {
    Ffmpeg.load();
    try (FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(Ffmpeg.url(file));
        FrameDecoder decoder = new FrameDecoder()) {
      grabber.setCharset(StandardCharsets.UTF_8);
      // Naming the format also keeps FFmpeg from taking a '%' in the name for a sequence.
      grabber.setFormat(signature.demuxer());
      grabber.setImageMode(ImageMode.RAW);
      grabber.setVideoOption("max_pixels", Long.toString(VideoReader.MAX_PIXELS));
      if (signature != Signature.TIFF) {
        // Otherwise the decoder fills what is missing of a damaged picture with grey. That of TIFF
        // says so anyway, and would refuse files for tags that it does not know.
        grabber.setVideoOption("err_detect", "explode");
      }
      return Ffmpeg.capturing(
          () -> {
            grabber.start();
            Frame frame = grabber.grabImage();
            if (frame == null) {
              throw new IOException("no picture can be decoded");
            }
            return conversion.apply(decoder, (AVFrame) frame.opaque);
          },
          (reason, cause) ->
              new MediaException(file, "is a damaged " + signature + ": " + reason, cause));
    }
  }
}
