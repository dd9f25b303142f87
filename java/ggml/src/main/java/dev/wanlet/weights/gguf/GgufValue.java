// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One metadata value of a GGUF file: a number, boolean, string, or an array of one type. Kept in
 * the file's own encoding and decoded when asked for, so that a vocabulary of 256k strings costs
 * nothing until it is used, and a value can be copied into another file as it is.
 *
 * <p>A value read from a file can be decoded until that file is closed. The {@code as...} methods
 * throw {@link IllegalArgumentException} if the value is of another type. Immutable, thread-safe.
 */
public final class GgufValue {
  private static final int SHORT_ARRAY = 16;

  private final GgufType type;
  private final GgufType elementType;
  private final long count;
  private final Supplier<ByteBuffer> encoded;

  /**
   * @param elementType the type itself unless this is an array
   * @param encoded fresh little-endian views of the elements, checked to be complete
   */
  GgufValue(GgufType type, GgufType elementType, long count, Supplier<ByteBuffer> encoded) {
    this.type = type;
    this.elementType = elementType;
    this.count = count;
    this.encoded = encoded;
  }

  public static GgufValue of(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return scalar(
        GgufType.STRING, buffer(Long.BYTES + bytes.length).putLong(bytes.length).put(bytes));
  }

  public static GgufValue of(boolean value) {
    return scalar(GgufType.BOOL, buffer(1).put((byte) (value ? 1 : 0)));
  }

  public static GgufValue u32(long value) {
    if (value < 0 || value > 0xffffffffL) {
      throw new IllegalArgumentException(value + " does not fit in an unsigned 32-bit number");
    }
    return scalar(GgufType.U32, buffer(4).putInt((int) value));
  }

  public static GgufValue i32(int value) {
    return scalar(GgufType.I32, buffer(4).putInt(value));
  }

  public static GgufValue u64(long value) {
    return scalar(GgufType.U64, buffer(8).putLong(value));
  }

  public static GgufValue i64(long value) {
    return scalar(GgufType.I64, buffer(8).putLong(value));
  }

  public static GgufValue f32(float value) {
    return scalar(GgufType.F32, buffer(4).putFloat(value));
  }

  public static GgufValue f64(double value) {
    return scalar(GgufType.F64, buffer(8).putDouble(value));
  }

  public static GgufValue i32Array(int... values) {
    ByteBuffer bytes = buffer(4 * values.length);
    bytes.asIntBuffer().put(values);
    return array(GgufType.I32, values.length, bytes);
  }

  /** An array of unsigned bytes. */
  public static GgufValue u8Array(byte... values) {
    return array(GgufType.U8, values.length, buffer(values.length).put(values));
  }

  public static GgufValue f32Array(float... values) {
    ByteBuffer bytes = buffer(4 * values.length);
    bytes.asFloatBuffer().put(values);
    return array(GgufType.F32, values.length, bytes);
  }

  public static GgufValue stringArray(List<String> values) {
    return joined(GgufType.STRING, values.stream().map(GgufValue::of).toList(), 0);
  }

  /** An array of arrays. */
  public static GgufValue arrayOf(List<GgufValue> arrays) {
    arrays.forEach(a -> a.check(a.type == GgufType.ARRAY, "an array"));
    return joined(GgufType.ARRAY, arrays, Integer.BYTES + Long.BYTES);
  }

  private static GgufValue joined(GgufType element, List<GgufValue> values, int headBytes) {
    long size = values.stream().mapToLong(v -> headBytes + v.encodedBytes()).sum();
    ByteBuffer bytes = buffer(Math.toIntExact(size));
    for (GgufValue value : values) {
      value.putArrayHead(bytes);
      bytes.put(value.encoded());
    }
    return array(element, values.size(), bytes);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static GgufValue scalar(GgufType type, ByteBuffer filled) {
    return new GgufValue(type, type, 1, views(filled));
  }

  private static GgufValue array(GgufType element, int count, ByteBuffer filled) {
    return new GgufValue(GgufType.ARRAY, element, count, views(filled));
  }

  private static Supplier<ByteBuffer> views(ByteBuffer filled) {
    ByteBuffer whole = filled.clear().asReadOnlyBuffer();
    return () -> whole.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  public GgufType type() {
    return type;
  }

  /** The type of an array's elements; empty for other values. */
  public Optional<GgufType> elementType() {
    return type == GgufType.ARRAY ? Optional.of(elementType) : Optional.empty();
  }

  /** The number of an array's elements; 1 for other values. */
  public long count() {
    return count;
  }

  public String asString() {
    check(type == GgufType.STRING, "a string");
    return nextString(encoded());
  }

  public boolean asBoolean() {
    check(type == GgufType.BOOL, "a boolean");
    return encoded().get(0) != 0;
  }

  /**
   * The value of an integer of any width.
   *
   * @throws IllegalArgumentException also for unsigned values of 2^63 and more
   */
  public long asLong() {
    check(type.isInteger(), "an integer");
    return nextLong(encoded());
  }

  /** The value of a number of any type; 64-bit integers are rounded to nearest. */
  public double asDouble() {
    check(type.isInteger() || type == GgufType.F32 || type == GgufType.F64, "a number");
    return nextDouble(encoded());
  }

  public List<String> asStrings() {
    check(type == GgufType.ARRAY && elementType == GgufType.STRING, "an array of strings");
    ByteBuffer bytes = encoded();
    String[] strings = new String[(int) count];
    for (int i = 0; i < strings.length; i++) {
      strings[i] = nextString(bytes);
    }
    return List.of(strings);
  }

  public long[] asLongs() {
    check(type == GgufType.ARRAY && elementType.isInteger(), "an array of integers");
    ByteBuffer bytes = encoded();
    long[] values = new long[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = nextLong(bytes);
    }
    return values;
  }

  /** The elements of an array of numbers, rounded to float where they are wider. */
  public float[] asFloats() {
    check(
        type == GgufType.ARRAY
            && (elementType.isInteger()
                || elementType == GgufType.F32
                || elementType == GgufType.F64),
        "an array of numbers");
    ByteBuffer bytes = encoded();
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) nextDouble(bytes);
    }
    return values;
  }

  /** The elements of an array of any type. */
  public List<GgufValue> asList() {
    check(type == GgufType.ARRAY, "an array");
    ByteBuffer bytes = encoded();
    List<GgufValue> values = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      values.add(GgufLayout.next(elementType, bytes));
    }
    return List.copyOf(values);
  }

  /** Bytes this value takes in a file, without its key and type. */
  public long encodedLength() {
    return (type == GgufType.ARRAY ? Integer.BYTES + Long.BYTES : 0) + encodedBytes();
  }

  /** This value in memory of its own, so that it outlives the file it was read from. */
  public GgufValue copy() {
    ByteBuffer bytes = encoded();
    ByteBuffer own = buffer(bytes.remaining()).put(bytes);
    return new GgufValue(type, elementType, count, views(own));
  }

  /** The elements as they stand in a file, without type and count. */
  public ByteBuffer encoded() {
    return encoded.get();
  }

  public long encodedBytes() {
    return encoded().remaining();
  }

  /** Writes an array's element type and count; nothing for other values. */
  public void putArrayHead(ByteBuffer to) {
    if (type == GgufType.ARRAY) {
      to.putInt(elementType.id()).putLong(count);
    }
  }

  /** The value as text; long arrays only by type and length, such as {@code STRING x 256384}. */
  @Override
  public String toString() {
    return switch (type) {
      case STRING -> asString();
      case BOOL -> Boolean.toString(asBoolean());
      case F32 -> Float.toString(encoded().getFloat(0));
      case F64 -> Double.toString(asDouble());
      case U64 -> Long.toUnsignedString(encoded().getLong(0));
      case ARRAY ->
          count <= SHORT_ARRAY && elementType != GgufType.ARRAY
              ? asList().stream()
                  .map(GgufValue::toString)
                  .collect(Collectors.joining(", ", "[", "]"))
              : elementType + " x " + count;
      default -> Long.toString(asLong());
    };
  }

  /** The value for a message about a damaged file, where it may be of any type and size. */
  String describe() {
    boolean numbers = type != GgufType.STRING && elementType != GgufType.STRING;
    return numbers ? toString() : "text of " + encodedBytes() + " bytes";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GgufValue v
        && type == v.type
        && elementType == v.elementType
        && count == v.count
        && encoded().equals(v.encoded());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(new Object[] {type, elementType, count, encoded()});
  }

  private String nextString(ByteBuffer bytes) {
    byte[] text = new byte[(int) bytes.getLong()];
    bytes.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private long nextLong(ByteBuffer bytes) {
    return switch (elementType) {
      case U8 -> bytes.get() & 0xff;
      case I8 -> bytes.get();
      case U16 -> bytes.getShort() & 0xffff;
      case I16 -> bytes.getShort();
      case U32 -> bytes.getInt() & 0xffffffffL;
      case I32 -> bytes.getInt();
      case I64 -> bytes.getLong();
      case U64 -> {
        long value = bytes.getLong();
        if (value < 0) {
          throw new IllegalArgumentException(
              Long.toUnsignedString(value) + " is too large for a signed 64-bit number");
        }
        yield value;
      }
      default -> throw new IllegalStateException("not an integer type: " + elementType);
    };
  }

  private double nextDouble(ByteBuffer bytes) {
    return switch (elementType) {
      case F32 -> bytes.getFloat();
      case F64 -> bytes.getDouble();
      default -> nextLong(bytes);
    };
  }

  private void check(boolean fits, String expected) {
    if (!fits) {
      throw new IllegalArgumentException(
          "the value is of type "
              + (type == GgufType.ARRAY ? "array of " + elementType : type.toString())
              + ", expected "
              + expected);
    }
  }
}
