// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import dev.wanlet.wan.media.MediaException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The comment in Exif data, which JPEG and WebP carry: the user comment, in ASCII. Stateless.
 *
 * <p>Source: Exif 2.32, 4.5.4, 4.6.3 and 4.6.5; TIFF 6.0, section 2; the WebP container
 * specification, "Extended File Format".
 */
public final class ExifComment {
  /** What Exif data begins with in a JPEG. */
  public static final String JPEG_NAME = "Exif\0\0";

  /** The marker of a JPEG's segment for it, the second byte. */
  public static final int JPEG_MARKER = 0xe1;

  /** The most bytes that such a segment holds. */
  public static final int JPEG_MOST_BYTES = 0xffff - 2;

  private static final String ASCII = "ASCII\0\0\0";
  private static final int EXIF_DIRECTORY = 0x8769;
  private static final int USER_COMMENT = 0x9286;
  private static final int LONG = 4;
  private static final int UNDEFINED = 7;
  private static final int HEADER_BYTES = 8;
  private static final int ENTRY_BYTES = 12;

  /** A directory of one entry: its number of entries, the entry, and no directory after it. */
  private static final int DIRECTORY_BYTES = 2 + ENTRY_BYTES + 4;

  private static final int TIFF_MAGIC = 42;
  private static final int START_OF_SCAN = 0xda;
  private static final int END_OF_IMAGE = 0xd9;

  /** Far above any prompt; a longer chunk is skipped, not read. */
  private static final int MAX_BYTES = 1 << 24;

  private ExifComment() {}

  /**
   * Exif data with this comment and nothing else.
   *
   * @param text in ASCII
   */
  public static byte[] data(String text) {
    byte[] comment = (ASCII + text).getBytes(StandardCharsets.US_ASCII);
    int directory = HEADER_BYTES + DIRECTORY_BYTES;
    int value = directory + DIRECTORY_BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(value + comment.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 'I').put((byte) 'I').putShort((short) TIFF_MAGIC).putInt(HEADER_BYTES);
    entry(bytes, EXIF_DIRECTORY, LONG, 1, directory);
    entry(bytes, USER_COMMENT, UNDEFINED, comment.length, value);
    return bytes.put(comment).array();
  }

  private static void entry(ByteBuffer bytes, int tag, int type, int count, int value) {
    bytes.putShort((short) 1).putShort((short) tag).putShort((short) type);
    bytes.putInt(count).putInt(value).putInt(0);
  }

  /** The comment of a JPEG, or null if there is none. */
  static String ofJpeg(Path file) throws IOException {
    try (DataInputStream in = open(file)) {
      in.skipNBytes(2);
      while (true) {
        int marker = marker(in);
        if (marker == START_OF_SCAN || marker == END_OF_IMAGE) {
          return null;
        }
        byte[] segment = in.readNBytes(Math.max(0, in.readUnsignedShort() - 2));
        byte[] name = JPEG_NAME.getBytes(StandardCharsets.US_ASCII);
        if (marker == JPEG_MARKER && startsWith(segment, name)) {
          return parse(Arrays.copyOfRange(segment, name.length, segment.length));
        }
      }
    } catch (EOFException e) {
      throw new MediaException(file, "is cut off: the JPEG ends before its picture", e);
    }
  }

  /** The next marker that has a length behind it; fill bytes may stand before. */
  private static int marker(DataInputStream in) throws IOException {
    int value = in.readUnsignedByte();
    while (value == 0xff) {
      value = in.readUnsignedByte();
    }
    return value;
  }

  /** The comment of a WebP, or null if there is none. */
  static String ofWebp(Path file) throws IOException {
    try (DataInputStream in = open(file)) {
      in.skipNBytes(4);
      long left = littleEndian(in) - 4;
      in.skipNBytes(4);
      while (left >= HEADER_BYTES) {
        String chunk = new String(in.readNBytes(4), StandardCharsets.US_ASCII);
        long length = littleEndian(in);
        if (chunk.equals("EXIF") && length <= MAX_BYTES) {
          return parse(in.readNBytes((int) length));
        }
        in.skipNBytes(length + length % 2);
        left -= HEADER_BYTES + length + length % 2;
      }
      return null;
    } catch (EOFException e) {
      throw new MediaException(file, "is cut off: the WebP ends before its last chunk", e);
    }
  }

  private static DataInputStream open(Path file) throws IOException {
    return new DataInputStream(new BufferedInputStream(Files.newInputStream(file)));
  }

  private static long littleEndian(DataInputStream in) throws IOException {
    return Integer.toUnsignedLong(Integer.reverseBytes(in.readInt()));
  }

  /** The comment in Exif data; null if there is none, or if the data is damaged. */
  private static String parse(byte[] exif) {
    try {
      boolean little = exif.length > 0 && exif[0] == 'I';
      ByteBuffer bytes =
          ByteBuffer.wrap(exif).order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
      int directory = find(bytes, bytes.getInt(4), EXIF_DIRECTORY);
      int entry = directory < 0 ? -1 : find(bytes, bytes.getInt(directory + 8), USER_COMMENT);
      if (entry < 0) {
        return null;
      }
      int start = bytes.getInt(entry + 8);
      byte[] comment = new byte[Math.min(bytes.getInt(entry + 4), exif.length)];
      bytes.get(start, comment);
      byte[] code = ASCII.getBytes(StandardCharsets.US_ASCII);
      return startsWith(comment, code)
          ? new String(
              comment, code.length, comment.length - code.length, StandardCharsets.US_ASCII)
          : null;
    } catch (IndexOutOfBoundsException | NegativeArraySizeException e) {
      return null;
    }
  }

  /** Where a directory's entry of this tag begins; -1 if it has none. */
  private static int find(ByteBuffer bytes, int directory, int tag) {
    int count = bytes.getShort(directory) & 0xffff;
    for (int i = 0; i < count; i++) {
      int entry = directory + 2 + i * ENTRY_BYTES;
      if ((bytes.getShort(entry) & 0xffff) == tag) {
        return entry;
      }
    }
    return -1;
  }

  private static boolean startsWith(byte[] bytes, byte[] start) {
    return bytes.length >= start.length
        && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
  }
}
