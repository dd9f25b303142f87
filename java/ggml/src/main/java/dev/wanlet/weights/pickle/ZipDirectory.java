// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The table of a zip archive's entries, stored without compression as PyTorch writes them, or
 * deflated as other tools do. Zip64 is understood. Only ranges inside the file are given out;
 * contents are not read and check sums not verified. Stateless.
 *
 * <p>Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3.
 */
final class ZipDirectory {
  /**
   * Where an entry's bytes are.
   *
   * @param stored bytes in the file
   * @param length bytes of the contents; the same unless they are deflated
   */
  record Entry(String name, long offset, long stored, long length, boolean deflated) {}

  private static final long END_SIGNATURE = 0x06054b50L;
  private static final long END64_SIGNATURE = 0x06064b50L;
  private static final long LOCATOR64_SIGNATURE = 0x07064b50L;
  private static final long CENTRAL_SIGNATURE = 0x02014b50L;
  private static final long LOCAL_SIGNATURE = 0x04034b50L;
  private static final int END_BYTES = 22;
  private static final int END64_BYTES = 56;
  private static final int LOCATOR64_BYTES = 20;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL_BYTES = 30;
  private static final int MAX_COMMENT = 0xffff;
  private static final int ENCRYPTED = 1;
  private static final int DEFLATED = 8;

  /** The most that deflate makes of one byte, about. */
  private static final int MOST_DEFLATED = 1032;

  private static final int ZIP64_EXTRA = 1;
  private static final long IN_ZIP64_FIELD = 0xffffffffL;
  private static final int MAX_ENTRIES = 1 << 20;

  private final MappedFile file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private ZipDirectory(MappedFile file) {
    this.file = file;
  }

  /**
   * All entries by name, in the archive's order.
   *
   * @throws WeightFormatException if the archive is damaged, encrypted or compressed
   */
  static Map<String, Entry> read(MappedFile file) throws WeightFormatException {
    try {
      ZipDirectory directory = new ZipDirectory(file);
      directory.readAll();
      return directory.entries;
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw new WeightFormatException(
          file.path(),
          "the zip archive's table of contents points outside the file; download it again",
          e);
    }
  }

  private void readAll() throws WeightFormatException {
    long end = findEnd();
    long count = file.u16(end + 10);
    long size = file.u32(end + 12);
    long start = file.u32(end + 16);
    if (count == 0xffff || size == IN_ZIP64_FIELD || start == IN_ZIP64_FIELD) {
      long end64 = findEnd64(end);
      count = file.u64(end64 + 32);
      size = file.u64(end64 + 40);
      start = file.u64(end64 + 48);
    }
    if (start < 0 || size < 0 || start > end || size > end - start) {
      throw error("the table of contents lies at bytes %,d to %,d", start, start + size);
    }
    if (count < 0 || count > size / CENTRAL_BYTES || count > MAX_ENTRIES) {
      throw error("the table of contents claims %,d entries in %,d bytes", count, size);
    }
    long position = start;
    for (long i = 0; i < count; i++) {
      position = readEntry(position, start, start + size);
    }
  }

  private long findEnd() throws WeightFormatException {
    long last = file.length() - END_BYTES;
    for (long at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
      if (file.u32(at) == END_SIGNATURE && at + END_BYTES + file.u16(at + 20) == file.length()) {
        return at;
      }
    }
    throw new WeightFormatException(
        file.path(),
        "the zip archive has no table of contents at its end: the file is truncated, download it"
            + " again");
  }

  private long findEnd64(long end) throws WeightFormatException {
    long locator = end - LOCATOR64_BYTES;
    if (locator < 0 || file.u32(locator) != LOCATOR64_SIGNATURE) {
      throw error("the zip64 locator is missing");
    }
    long end64 = file.u64(locator + 8);
    if (end64 < 0 || end64 > locator - END64_BYTES || file.u32(end64) != END64_SIGNATURE) {
      throw error("the zip64 record is missing at byte %,d", end64);
    }
    return end64;
  }

  private long readEntry(long at, long dataEnd, long tableEnd) throws WeightFormatException {
    if (at > tableEnd - CENTRAL_BYTES || file.u32(at) != CENTRAL_SIGNATURE) {
      throw error("there is no entry of the table of contents at byte %,d", at);
    }
    int nameLength = file.u16(at + 28);
    int extraLength = file.u16(at + 30);
    long next = at + CENTRAL_BYTES + nameLength + extraLength + file.u16(at + 32);
    if (next > tableEnd) {
      throw error("the entry of the table of contents at byte %,d is cut off", at);
    }
    String name = name(at + CENTRAL_BYTES, nameLength);
    if ((file.u16(at + 8) & ENCRYPTED) != 0) {
      throw error("entry '%s' is encrypted", name);
    }
    int method = file.u16(at + 10);
    if (method != 0 && method != DEFLATED) {
      throw new WeightFormatException(
          file.path(),
          String.format(
              "entry '%s' of the zip archive is compressed in another way than deflate (%d); load"
                  + " and save it again with torch.save",
              name, method));
    }
    long[] sizes = {file.u32(at + 24), file.u32(at + 20), file.u32(at + 42)};
    readZip64(sizes, at + CENTRAL_BYTES + nameLength, extraLength, name);
    long length = sizes[0];
    long local = sizes[2];
    long stored = sizes[1];
    boolean sizesFit = method == DEFLATED ? length / MOST_DEFLATED <= stored + 1 : stored == length;
    if (length < 0 || stored < 0 || !sizesFit || local < 0 || local > dataEnd - LOCAL_BYTES) {
      throw error("entry '%s' of %,d bytes at byte %,d is not in the file", name, length, local);
    }
    if (file.u32(local) != LOCAL_SIGNATURE) {
      throw error("entry '%s' does not start at byte %,d", name, local);
    }
    long offset = local + LOCAL_BYTES + file.u16(local + 26) + file.u16(local + 28);
    if (offset > dataEnd || stored > dataEnd - offset) {
      throw error("entry '%s' of %,d bytes at byte %,d is not in the file", name, length, offset);
    }
    if (entries.putIfAbsent(name, new Entry(name, offset, stored, length, method == DEFLATED))
        != null) {
      throw error("entry '%s' is there twice", name);
    }
    return next;
  }

  /** Replaces the sizes that do not fit in 32 bits by those of the zip64 extra field. */
  private void readZip64(long[] sizes, long extra, int extraLength, String name)
      throws WeightFormatException {
    long end = extra + extraLength;
    for (long at = extra; at + 4 <= end; ) {
      int id = file.u16(at);
      long fieldEnd = at + 4 + file.u16(at + 2);
      if (id == ZIP64_EXTRA) {
        long value = at + 4;
        for (int i = 0; i < sizes.length; i++) {
          if (sizes[i] == IN_ZIP64_FIELD) {
            if (value + Long.BYTES > Math.min(fieldEnd, end)) {
              throw error("the zip64 field of entry '%s' is too short", name);
            }
            sizes[i] = file.u64(value);
            value += Long.BYTES;
          }
        }
        return;
      }
      at = fieldEnd;
    }
  }

  private String name(long offset, int length) throws WeightFormatException {
    ByteBuffer bytes = file.window(offset, length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new WeightFormatException(
          file.path(), String.format("the entry name at byte %,d is not UTF-8", offset), e);
    }
  }

  private WeightFormatException error(String format, Object... arguments) {
    return new WeightFormatException(
        file.path(), "damaged zip archive: " + String.format(format, arguments));
  }
}
