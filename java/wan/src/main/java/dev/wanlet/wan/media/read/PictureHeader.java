// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.Signature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a picture file says of itself before any pixel is decoded. Immutable.
 *
 * @param kind by the first bytes
 * @param storedWidth pixels in a row as stored, before it is turned upright
 * @param storedHeight rows as stored
 * @param orientation Exif's number, 1 (as it is) to 8
 * @param hasProfile whether it brings a colour profile
 * @param isSeries whether more pictures follow: an animation, or pages
 * @param isCmyk whether its channels are inks
 */
public record PictureHeader(
    Signature kind,
    int storedWidth,
    int storedHeight,
    int orientation,
    boolean hasProfile,
    boolean isSeries,
    boolean isCmyk) {
  /**
   * Reads the header.
   *
   * @throws MediaException if the file is missing, no picture, or damaged
   */
  public static PictureHeader read(Path file) throws IOException {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new MediaException(file, "no such file, or it may not be read");
    }
    Signature kind = Signature.of(file);
    if (kind == Signature.OTHER) {
      throw new MediaException(
          file, "is not a picture that can be read; expected PNG, JPEG, WebP, BMP, TIFF or GIF");
    }
    try (FileBytes bytes = new FileBytes(file)) {
      PictureHeader header = new HeaderScan(kind, bytes).scan();
      if (header.storedWidth < 1 || header.storedHeight < 1) {
        throw new MediaException(file, "is a damaged " + kind + ": its header has no size");
      }
      return header;
    } catch (MediaException e) {
      throw e;
    } catch (IOException e) {
      throw new MediaException(file, "is a damaged " + kind + ": " + e.getMessage(), e);
    }
  }

  /** Pixels in a row once it is upright. */
  public int width() {
    return Upright.isTransposed(orientation) ? storedHeight : storedWidth;
  }

  /** Rows once it is upright. */
  public int height() {
    return Upright.isTransposed(orientation) ? storedWidth : storedHeight;
  }

  public long pixels() {
    return (long) storedWidth * storedHeight;
  }
}
