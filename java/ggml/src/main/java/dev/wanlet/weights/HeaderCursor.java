// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads a file's header front to back; running off the end is a clear error. Confined to one
 * thread.
 */
public final class HeaderCursor {
  private final MappedFile file;
  private long position;

  public HeaderCursor(MappedFile file, long position) {
    this.file = file;
    this.position = position;
  }

  public long position() {
    return position;
  }

  public long remaining() {
    return file.length() - position;
  }

  public long u32(String what) throws WeightFormatException {
    return file.u32(advance(4, what));
  }

  public long u64(String what) throws WeightFormatException {
    return file.u64(advance(8, what));
  }

  /** A 64-bit count or length that must be at most {@code limit}. */
  public long count(String what, long limit) throws WeightFormatException {
    long value = u64(what);
    if (value < 0 || value > limit) {
      throw error("%s is %s, expected at most %,d", what, Long.toUnsignedString(value), limit);
    }
    return value;
  }

  /** A length-prefixed string in strict UTF-8. */
  public String string(String what, int maxBytes) throws WeightFormatException {
    long length = count("the length of " + what, maxBytes);
    long start = advance(length, what);
    ByteBuffer bytes = file.window(start, length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new WeightFormatException(
          file.path(),
          String.format("%s at offset %,d is not valid UTF-8; the file is damaged", what, start),
          e);
    }
  }

  /** Skips bytes that are known to be there; returns where they start. */
  public long advance(long bytes, String what) throws WeightFormatException {
    if (bytes < 0 || bytes > remaining()) {
      throw error(
          "truncated: %s needs %s bytes, %,d are left in the file of %,d; download or convert it again",
          what, Long.toUnsignedString(bytes), remaining(), file.length());
    }
    long start = position;
    position += bytes;
    return start;
  }

  public WeightFormatException error(String format, Object... arguments) {
    return new WeightFormatException(
        file.path(),
        String.format(format, arguments) + String.format(" (at offset %,d)", position));
  }
}
