// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * The first directory of a TIFF file or of Exif data, which are of one form: its entries of one
 * number each. Immutable.
 *
 * <p>Source: TIFF 6.0, section 2; Exif 2.32, 4.6.
 */
final class TiffDirectory {
  static final int WIDTH = 256;
  static final int HEIGHT = 257;
  static final int PHOTOMETRIC = 262;
  static final int ORIENTATION = 274;
  static final int COLOUR_PROFILE = 34675;

  /** Of {@link #PHOTOMETRIC}: inks, mostly cyan, magenta, yellow and black. */
  static final int SEPARATED = 5;

  private static final int ENTRY_BYTES = 12;
  private static final int SHORT = 3;
  private static final int MOST_ENTRIES = 4096;

  private final Map<Integer, Long> entries = new HashMap<>();
  private final boolean last;

  /**
   * Reads a directory.
   *
   * @param start where the TIFF header is in the file
   * @throws IOException if it is damaged or the file ends before
   */
  TiffDirectory(FileBytes file, long start) throws IOException {
    ByteOrder order =
        switch (file.text(start, 2)) {
          case "II" -> ByteOrder.LITTLE_ENDIAN;
          case "MM" -> ByteOrder.BIG_ENDIAN;
          default -> throw new IOException("no TIFF header");
        };
    long at = start + unsigned(file.at(start + 4, 4).order(order));
    int count = file.at(at, 2).order(order).getShort() & 0xffff;
    if (count > MOST_ENTRIES) {
      throw new IOException("a directory of " + count + " entries");
    }
    ByteBuffer bytes = file.at(at + 2, count * ENTRY_BYTES).order(order);
    for (int i = 0; i < count; i++) {
      ByteBuffer entry = bytes.slice(i * ENTRY_BYTES, ENTRY_BYTES).order(order);
      boolean isShort = entry.getShort(2) == SHORT;
      long value = isShort ? entry.getShort(8) & 0xffff : unsigned(entry.position(8));
      entries.put(entry.getShort(0) & 0xffff, value);
    }
    last = unsigned(file.at(at + 2 + (long) count * ENTRY_BYTES, 4)) == 0;
  }

  private static long unsigned(ByteBuffer bytes) {
    return bytes.getInt() & 0xffffffffL;
  }

  long get(int tag, long otherwise) {
    return entries.getOrDefault(tag, otherwise);
  }

  boolean has(int tag) {
    return entries.containsKey(tag);
  }

  /** Whether no other directory follows. */
  boolean isLast() {
    return last;
  }
}
