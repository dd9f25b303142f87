// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.Signature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVPixFmtDescriptor;
import org.bytedeco.ffmpeg.global.avutil;

/**
 * Reads pictures as people see them: PNG, JPEG, WebP, BMP, TIFF or GIF of any depth, grey or with a
 * palette. Exif's orientation is applied; what is transparent is laid over white. Stateless,
 * thread-safe.
 */
public final class PictureReader {
  /** Longest side; larger ones say more of a mistake, or of malice, than of a photograph. */
  private static final int LONGEST_SIDE = 16_384;

  /**
   * Host memory a pixel takes at most while it is read: 16-bit RGBA as FFmpeg decodes it, RGBA in
   * native memory and on the heap, and RGB.
   */
  private static final int BYTES_PER_PIXEL = 8 + 4 + 4 + 3;

  private PictureReader() {}

  /** Most host memory that reading takes, in bytes. */
  public static long readingBytes(PictureHeader header) {
    return readingBytes(header.pixels());
  }

  /** The same for a picture of so many pixels. */
  public static long readingBytes(long pixels) {
    return BYTES_PER_PIXEL * pixels;
  }

  /**
   * Reads the header of a picture that {@link #read} takes.
   *
   * @throws MediaException if the file is missing, damaged, too large or of another kind
   */
  public static PictureHeader header(Path file) throws IOException {
    PictureHeader header = PictureHeader.read(file);
    if (header.pixels() > VideoReader.MAX_PIXELS
        || Math.max(header.storedWidth(), header.storedHeight()) > LONGEST_SIDE) {
      throw new MediaException(
          file,
          String.format(
              "is %dx%d pixels; expected at most %d of them (8192x8192) and no side above %d; make"
                  + " it smaller",
              header.storedWidth(), header.storedHeight(), VideoReader.MAX_PIXELS, LONGEST_SIDE));
    }
    if (header.kind() == Signature.WEBP && header.isSeries()) {
      throw new MediaException(
          file, "is an animated WebP, which cannot be read; save its first frame as a picture");
    }
    if (header.isCmyk()) {
      // What FFmpeg makes of inks without their profile, and of those that are not inverted, is not
      // what people see.
      throw new MediaException(file, "is in CMYK, which cannot be read; save it as RGB");
    }
    return header;
  }

  /**
   * Reads a picture.
   *
   * @throws MediaException if the file is missing, damaged, too large or of another kind
   */
  public static Picture read(Path file) throws IOException {
    PictureHeader header = header(file);
    List<String> notes = new ArrayList<>();
    if (header.isSeries()) {
      notes.add("holds several pictures; only the first is used");
    }
    if (header.hasProfile()) {
      notes.add("has a colour profile, which is not applied; its colours are taken as sRGB");
    }
    RgbFrame stored =
        ImageReader.decode(file, header.kind(), (decoder, frame) -> opaque(decoder, frame, notes));
    return new Picture(Upright.turned(stored, header.orientation()), notes);
  }

  private static RgbFrame opaque(FrameDecoder decoder, AVFrame frame, List<String> notes) {
    AVPixFmtDescriptor format = avutil.av_pix_fmt_desc_get(frame.format());
    if (format == null || (format.flags() & avutil.AV_PIX_FMT_FLAG_ALPHA) == 0) {
      return decoder.convert(frame);
    }
    byte[] rgba = decoder.convertWithAlpha(frame);
    int pixels = frame.width() * frame.height();
    byte[] rgb = new byte[3 * pixels];
    boolean transparent = false;
    for (int i = 0; i < pixels; i++) {
      int alpha = rgba[4 * i + 3] & 0xff;
      transparent |= alpha != 255;
      for (int c = 0; c < 3; c++) {
        rgb[3 * i + c] = (byte) overWhite(rgba[4 * i + c] & 0xff, alpha);
      }
    }
    if (transparent) {
      notes.add("is transparent in places; it is laid over white");
    }
    return new RgbFrame(frame.width(), frame.height(), rgb);
  }

  private static int overWhite(int value, int alpha) {
    return (value * alpha + 255 * (255 - alpha) + 127) / 255;
  }
}
