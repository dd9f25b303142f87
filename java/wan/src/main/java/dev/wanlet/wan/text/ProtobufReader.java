// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Walks the fields of one protocol buffer message. Every read is checked against the end of the
 * message; a violation is a {@link MalformedException}. Confined to one thread.
 *
 * <pre>{@code
 * while (message.next()) {
 *   switch (message.field()) {
 *     case 1 -> name = message.bytes();
 *     default -> message.skip();
 *   }
 * }
 * }</pre>
 */
final class ProtobufReader {
  /** The bytes are not a protocol buffer message; offsets count from the start of the file. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(int offset, String message) {
      super("at byte " + offset + ": " + message);
    }
  }

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  private final ByteBuffer buffer;
  private final int end;
  private int position;
  private int field;
  private int wireType;

  ProtobufReader(byte[] bytes) {
    this(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 0, bytes.length);
  }

  private ProtobufReader(ByteBuffer buffer, int start, int end) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  /** Moves to the next field; false at the end of the message. */
  boolean next() throws MalformedException {
    if (position == end) {
      return false;
    }
    int start = position;
    long key = readVarint();
    long number = key >>> 3;
    if (number < 1 || number > 0x1fffffff) {
      throw new MalformedException(start, "field number " + number + " is out of range");
    }
    field = (int) number;
    wireType = (int) (key & 7);
    return true;
  }

  int field() {
    return field;
  }

  int position() {
    return position;
  }

  long varint() throws MalformedException {
    expect(VARINT, "an integer");
    return readVarint();
  }

  boolean bool() throws MalformedException {
    return varint() != 0;
  }

  float float32() throws MalformedException {
    expect(FIXED32, "a float");
    int at = advance(4);
    return buffer.getFloat(at);
  }

  byte[] bytes() throws MalformedException {
    int length = readLength();
    byte[] bytes = new byte[length];
    buffer.get(advance(length), bytes);
    return bytes;
  }

  /** A reader of the message in this field; this reader goes on behind it. */
  ProtobufReader message() throws MalformedException {
    int length = readLength();
    int start = advance(length);
    return new ProtobufReader(buffer, start, start + length);
  }

  void skip() throws MalformedException {
    switch (wireType) {
      case VARINT -> readVarint();
      case FIXED64 -> advance(8);
      case LENGTH_DELIMITED -> advance(readLength());
      case FIXED32 -> advance(4);
      default ->
          throw new MalformedException(
              position, "field " + field + " has the unknown wire type " + wireType);
    }
  }

  private int readLength() throws MalformedException {
    expect(LENGTH_DELIMITED, "bytes");
    int start = position;
    long length = readVarint();
    if (length < 0 || length > end - position) {
      throw new MalformedException(
          start,
          "field %d claims %s bytes, but %d are left; the file may be truncated"
              .formatted(field, Long.toUnsignedString(length), end - position));
    }
    return (int) length;
  }

  private void expect(int type, String what) throws MalformedException {
    if (wireType != type) {
      throw new MalformedException(
          position, "field %d has wire type %d, expected %s".formatted(field, wireType, what));
    }
  }

  private int advance(int count) throws MalformedException {
    if (count > end - position) {
      throw new MalformedException(position, "the message ends within field " + field);
    }
    int start = position;
    position += count;
    return start;
  }

  private long readVarint() throws MalformedException {
    long value = 0;
    int start = position;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position == end) {
        throw new MalformedException(start, "the message ends within an integer");
      }
      byte b = buffer.get(position++);
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new MalformedException(start, "an integer is longer than 10 bytes");
  }
}
