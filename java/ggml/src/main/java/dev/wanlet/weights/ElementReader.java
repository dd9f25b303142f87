// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.nio.ByteBuffer;
import java.nio.ShortBuffer;

/** Decodes plain elements from little-endian buffers. Stateless. */
final class ElementReader {
  private ElementReader() {}

  static void floats(StoredType type, ByteBuffer source, float[] dst, int at, int n) {
    switch (type) {
      case F32 -> source.asFloatBuffer().get(dst, at, n);
      case F16 -> {
        ShortBuffer halves = source.asShortBuffer();
        for (int i = 0; i < n; i++) {
          dst[at + i] = FloatFormats.fromF16(halves.get(i));
        }
      }
      case BF16 -> {
        ShortBuffer halves = source.asShortBuffer();
        for (int i = 0; i < n; i++) {
          dst[at + i] = FloatFormats.fromBf16(halves.get(i));
        }
      }
      case F8_E4M3 -> {
        for (int i = 0; i < n; i++) {
          dst[at + i] = FloatFormats.fromF8E4m3(source.get(i));
        }
      }
      case F8_E5M2 -> {
        for (int i = 0; i < n; i++) {
          dst[at + i] = FloatFormats.fromF8E5m2(source.get(i));
        }
      }
      case F64 -> {
        for (int i = 0; i < n; i++) {
          dst[at + i] = (float) source.getDouble(i * Double.BYTES);
        }
      }
      case U64 -> {
        for (int i = 0; i < n; i++) {
          long value = source.getLong(i * Long.BYTES);
          // Halving keeps the lowest bit as a sticky bit, so the result is rounded once.
          dst[at + i] = value >= 0 ? value : 2f * (value >>> 1 | value & 1);
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          dst[at + i] = integer(type, source, i);
        }
      }
    }
  }

  static void longs(StoredType type, ByteBuffer source, long[] dst, int at, int n) {
    for (int i = 0; i < n; i++) {
      long value = integer(type, source, i);
      if (type == StoredType.U64 && value < 0) {
        throw new ArithmeticException(
            "the element " + Long.toUnsignedString(value) + " is too large for a long");
      }
      dst[at + i] = value;
    }
  }

  private static long integer(StoredType type, ByteBuffer source, int i) {
    return switch (type) {
      case I64, U64 -> source.getLong(i * Long.BYTES);
      case I32 -> source.getInt(i * Integer.BYTES);
      case U32 -> source.getInt(i * Integer.BYTES) & 0xffffffffL;
      case I16 -> source.getShort(i * Short.BYTES);
      case U16 -> source.getShort(i * Short.BYTES) & 0xffff;
      case I8 -> source.get(i);
      case U8 -> source.get(i) & 0xff;
      case BOOL -> source.get(i) == 0 ? 0 : 1;
      default -> throw new IllegalStateException("elements of type " + type + " are not integers");
    };
  }
}
