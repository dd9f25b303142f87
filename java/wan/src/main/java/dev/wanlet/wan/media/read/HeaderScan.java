// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.Signature;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One reading of a picture's header, chunk by chunk. Used once.
 *
 * <p>Sources: ISO/IEC 10918-1 B (JPEG), the PNG and GIF89a specifications, Google's WebP container.
 */
final class HeaderScan {
  /** More parts than any sound file has before its end. */
  private static final int MOST_PARTS = 100_000;

  private static final String EXIF = "Exif\0\0";
  private static final int WEBP_PROFILE = 0x20;
  private static final int WEBP_ANIMATION = 0x02;
  private static final int CMYK_COMPONENTS = 4;

  private final Signature kind;
  private final FileBytes file;
  private int width;
  private int height;
  private int orientation = 1;
  private boolean profile;
  private boolean series;
  private boolean cmyk;
  private int parts;

  HeaderScan(Signature kind, FileBytes file) {
    this.kind = kind;
    this.file = file;
  }

  PictureHeader scan() throws IOException {
    try {
      switch (kind) {
        case JPEG -> jpeg();
        case PNG -> png();
        case WEBP -> webp();
        case BMP -> bmp();
        case GIF -> gif();
        case TIFF -> tiff();
        default -> throw new IOException("no header of a picture");
      }
    } catch (EOFException e) {
      // What is cut off behind the size is the decoder's to name.
      if (width == 0) {
        throw e;
      }
    }
    return new PictureHeader(kind, width, height, orientation, profile, series, cmyk);
  }

  private void count() throws IOException {
    if (++parts > MOST_PARTS) {
      throw new IOException("more than " + MOST_PARTS + " parts");
    }
  }

  private void jpeg() throws IOException {
    long at = 2;
    while (true) {
      count();
      if (file.unsigned(at) != 0xff) {
        throw new IOException("no marker where one must be");
      }
      int marker = file.unsigned(at + 1);
      if (marker == 0xff) {
        at++; // fill bytes may stand before a marker
        continue;
      }
      boolean alone = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
      if (alone) {
        at += 2;
        continue;
      }
      if (marker == 0xda || marker == 0xd9) {
        return;
      }
      int length = file.at(at + 2, 2).getShort() & 0xffff;
      segment(marker, at + 4, length - 2);
      at += 2 + Math.max(2, length);
    }
  }

  private void segment(int marker, long at, int length) throws IOException {
    boolean frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame && length >= 6) {
      ByteBuffer sizes = file.at(at + 1, 5);
      height = sizes.getShort() & 0xffff;
      width = sizes.getShort() & 0xffff;
      cmyk = sizes.get() == CMYK_COMPONENTS;
    } else if (marker == 0xe1 && length > EXIF.length() && file.text(at, 6).equals(EXIF)) {
      exif(at + EXIF.length());
    } else if (marker == 0xe2 && length > 12 && file.text(at, 11).equals("ICC_PROFILE")) {
      profile = true;
    }
  }

  /** Damaged Exif data is no reason to refuse a picture; it says nothing then. */
  private void exif(long at) {
    try {
      oriented(new TiffDirectory(file, at));
    } catch (IOException e) {
      System.getLogger(HeaderScan.class.getName())
          .log(System.Logger.Level.DEBUG, "Exif data that cannot be read", e);
    }
  }

  private void oriented(TiffDirectory directory) {
    long value = directory.get(TiffDirectory.ORIENTATION, 1);
    orientation = value >= 1 && value <= 8 ? (int) value : 1;
  }

  private void png() throws IOException {
    long at = 8;
    String chunk = "";
    while (!chunk.equals("IEND")) {
      count();
      long length = file.at(at, 4).getInt() & 0xffffffffL;
      chunk = file.text(at + 4, 4);
      switch (chunk) {
        case "IHDR" -> {
          ByteBuffer sizes = file.at(at + 8, 8);
          width = sizes.getInt();
          height = sizes.getInt();
        }
        case "iCCP" -> profile = true;
        case "acTL" -> series = true;
        case "eXIf" -> exif(at + 8);
        default -> {
          // pixels, and what is of no matter here
        }
      }
      at += 12 + length;
    }
  }

  private void webp() throws IOException {
    long end = 8 + (file.littleEndian(4, 4).getInt() & 0xffffffffL);
    long at = 12;
    while (at < end) {
      count();
      String chunk = file.text(at, 4);
      long length = file.littleEndian(at + 4, 4).getInt() & 0xffffffffL;
      webpChunk(chunk, at + 8);
      at += 8 + length + length % 2;
    }
  }

  private void webpChunk(String chunk, long at) throws IOException {
    switch (chunk) {
      case "VP8X" -> {
        int flags = file.unsigned(at);
        profile = (flags & WEBP_PROFILE) != 0;
        series = (flags & WEBP_ANIMATION) != 0;
        ByteBuffer sizes = file.littleEndian(at + 4, 6);
        width = 1 + (sizes.getInt(0) & 0xffffff);
        height = 1 + (sizes.getInt(2) >>> 8);
      }
      case "VP8 " -> {
        ByteBuffer sizes = file.littleEndian(at + 6, 4);
        size(sizes.getShort() & 0x3fff, sizes.getShort() & 0x3fff);
      }
      case "VP8L" -> {
        int bits = file.littleEndian(at + 1, 4).getInt();
        size(1 + (bits & 0x3fff), 1 + (bits >>> 14 & 0x3fff));
      }
      case "EXIF" -> exif(file.text(at, 4).equals("Exif") ? at + EXIF.length() : at);
      default -> {
        // alpha, animation frames and what is of no matter here
      }
    }
  }

  /** A size that holds unless one was found before. */
  private void size(int w, int h) {
    if (width == 0) {
      width = w;
      height = h;
    }
  }

  private void bmp() throws IOException {
    boolean old = file.littleEndian(14, 4).getInt() == 12;
    ByteBuffer sizes = file.littleEndian(18, 8);
    width = old ? sizes.getShort() & 0xffff : sizes.getInt();
    height = old ? sizes.getShort() & 0xffff : Math.abs(sizes.getInt());
  }

  private void gif() throws IOException {
    ByteBuffer screen = file.littleEndian(6, 5);
    width = screen.getShort() & 0xffff;
    height = screen.getShort() & 0xffff;
    long at = 13L + palette(screen.get());
    for (int pictures = 0; ; ) {
      count();
      int block = file.unsigned(at);
      if (block == 0x21) {
        at = behindBlocks(at + 2);
      } else if (block == 0x2c) {
        if (++pictures > 1) {
          series = true;
          return;
        }
        at = behindPicture(at + 11 + palette(file.at(at + 9, 1).get()));
      } else {
        return;
      }
    }
  }

  private static int palette(byte flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  // FFmpeg's decoder shows what is there of a picture that is cut off, and says nothing.
  private long behindPicture(long first) throws IOException {
    try {
      return behindBlocks(first);
    } catch (EOFException e) {
      throw new IOException("the file ends within its first picture", e);
    }
  }

  private long behindBlocks(long first) throws IOException {
    long at = first;
    int length = file.unsigned(at);
    while (length > 0) {
      count();
      at += 1 + length;
      length = file.unsigned(at);
    }
    return at + 1;
  }

  private void tiff() throws IOException {
    TiffDirectory directory = new TiffDirectory(file, 0);
    width = (int) Math.min(Integer.MAX_VALUE, directory.get(TiffDirectory.WIDTH, 0));
    height = (int) Math.min(Integer.MAX_VALUE, directory.get(TiffDirectory.HEIGHT, 0));
    oriented(directory);
    profile = directory.has(TiffDirectory.COLOUR_PROFILE);
    cmyk = directory.get(TiffDirectory.PHOTOMETRIC, 0) == TiffDirectory.SEPARATED;
    series = !directory.isLast();
  }
}
