// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.HeaderCursor;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** How GGUF lays values and tensors out in bytes. Stateless. Source: gguf.h. */
public final class GgufLayout {
  public static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;
  public static final int VERSION = 3;
  public static final String ALIGNMENT_KEY = "general.alignment";
  public static final int DEFAULT_ALIGNMENT = 32;

  /** The original shape of a tensor that was folded; an I32 array in PyTorch order. */
  public static final String ORIGINAL_SHAPE_PREFIX = "comfy.gguf.orig_shape.";

  /** The format sets no limit on nested arrays; nobody writes more than one level. */
  static final int MAX_ARRAY_DEPTH = 4;

  private GgufLayout() {}

  /** The first multiple of a power of two that is not before {@code offset}. */
  public static long align(long offset, long alignment) {
    return Math.addExact(offset, alignment - 1) & -alignment;
  }

  /**
   * The shape a tensor has in a file: of more than ggml's four dimensions the outer ones become
   * one, so that rows stay rows.
   */
  public static Shape folded(Shape shape) {
    int surplus = shape.rank() - Shape.MAX_GGML_DIMS;
    if (surplus <= 0) {
      return shape;
    }
    long[] folded = {1, 1, 1, 1};
    for (int i = 0; i < shape.rank(); i++) {
      folded[Math.max(0, i - surplus)] *= shape.dim(i);
    }
    return Shape.of(folded);
  }

  /** The value under {@link #ORIGINAL_SHAPE_PREFIX} of a tensor that was folded. */
  public static GgufValue originalShape(Shape shape) {
    return GgufValue.i32Array(Arrays.stream(shape.dims()).mapToInt(Math::toIntExact).toArray());
  }

  /**
   * Moves past a value and checks that all of it is in the file.
   *
   * @param depth arrays around the value
   * @return the value, read lazily from {@code file}
   */
  static GgufValue scan(HeaderCursor cursor, MappedFile file, GgufType type, int depth, String what)
      throws WeightFormatException {
    GgufType element = type;
    long count = 1;
    if (type == GgufType.ARRAY) {
      element = type(cursor, what);
      count = cursor.u64(what);
    }
    long start = cursor.position();
    skip(cursor, element, count, type == GgufType.ARRAY ? depth + 1 : depth, what);
    long length = cursor.position() - start;
    if (length > Integer.MAX_VALUE) {
      throw cursor.error("%s takes %,d bytes, expected less than 2 GiB", what, length);
    }
    return new GgufValue(type, element, count, () -> file.window(start, length));
  }

  static GgufType type(HeaderCursor cursor, String what) throws WeightFormatException {
    long id = cursor.u32("the type of " + what);
    return GgufType.byId(id)
        .orElseThrow(
            () -> cursor.error("%s has unknown value type %d, expected 0 to 12", what, id));
  }

  private static void skip(HeaderCursor cursor, GgufType type, long count, int depth, String what)
      throws WeightFormatException {
    long smallest =
        switch (type) {
          case STRING -> Long.BYTES;
          case ARRAY -> Integer.BYTES + Long.BYTES;
          default -> type.bytes();
        };
    if (count < 0 || count > cursor.remaining() / smallest) {
      throw cursor.error(
          "truncated: %s has %s elements of type %s, %,d bytes are left in the file",
          what, Long.toUnsignedString(count), type, cursor.remaining());
    }
    switch (type) {
      case STRING -> {
        for (long i = 0; i < count; i++) {
          cursor.advance(cursor.u64(what), what);
        }
      }
      case ARRAY -> {
        if (depth >= MAX_ARRAY_DEPTH) {
          throw cursor.error("%s nests arrays more than %d deep", what, MAX_ARRAY_DEPTH);
        }
        for (long i = 0; i < count; i++) {
          GgufType element = type(cursor, what);
          skip(cursor, element, cursor.u64(what), depth + 1, what);
        }
      }
      default -> cursor.advance(count * type.bytes(), what);
    }
  }

  /** Takes the next element of an array from bytes that {@link #scan} has checked. */
  static GgufValue next(GgufType type, ByteBuffer bytes) {
    GgufType element = type;
    long count = 1;
    if (type == GgufType.ARRAY) {
      element = GgufType.byId(bytes.getInt()).orElseThrow();
      count = bytes.getLong();
    }
    int start = bytes.position();
    skip(element, count, bytes);
    ByteBuffer slice = bytes.slice(start, bytes.position() - start);
    return new GgufValue(
        type, element, count, () -> slice.duplicate().order(ByteOrder.LITTLE_ENDIAN));
  }

  private static void skip(GgufType type, long count, ByteBuffer bytes) {
    for (long i = 0; i < count; i++) {
      switch (type) {
        case STRING -> {
          int length = (int) bytes.getLong();
          bytes.position(bytes.position() + length);
        }
        case ARRAY -> {
          GgufType element = GgufType.byId(bytes.getInt()).orElseThrow();
          skip(element, bytes.getLong(), bytes);
        }
        default -> bytes.position(bytes.position() + type.bytes());
      }
    }
  }
}
