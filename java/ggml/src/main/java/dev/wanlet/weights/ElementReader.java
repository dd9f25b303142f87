// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.nio.ByteBuffer;
import java.nio.ShortBuffer;

/** Decodes plain elements from little-endian buffers. Stateless. */
final class ElementReader {
  /** Elements widened at a time: small enough for the first-level cache. */
  private static final int PART = 8192;

  private ElementReader() {}

  static void floats(StoredType type, ByteBuffer source, float[] dst, int at, int n) {
    switch (type) {
      case F32 -> source.asFloatBuffer().get(dst, at, n);
      case F16, BF16 -> halves(type, source.asShortBuffer(), dst, at, n);
      case F8_E4M3, F8_E5M2 -> eighths(type, source, dst, at, n);
      case F64 -> {
        for (int i = 0; i < n; i++) {
          dst[at + i] = (float) source.getDouble(i * Double.BYTES);
        }
      }
      case U64 -> {
        for (int i = 0; i < n; i++) {
          long value = source.getLong(i * Long.BYTES);
          // Halving keeps the lowest bit as a sticky bit, so the result is rounded once.
          dst[at + i] = value >= 0 ? value : 2f * ((value >>> 1) | (value & 1));
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          dst[at + i] = integer(type, source, i);
        }
      }
    }
  }

  // Copied to a small array first, because each single read from a buffer carries its own checks.
  private static void halves(StoredType type, ShortBuffer source, float[] dst, int at, int n) {
    short[] part = new short[Math.min(n, PART)];
    for (int done = 0; done < n; done += part.length) {
      int count = Math.min(part.length, n - done);
      source.get(part, 0, count);
      if (type == StoredType.F16) {
        for (int i = 0; i < count; i++) {
          dst[at + done + i] = FloatFormats.fromF16(part[i]);
        }
      } else {
        for (int i = 0; i < count; i++) {
          dst[at + done + i] = FloatFormats.fromBf16(part[i]);
        }
      }
    }
  }

  private static void eighths(StoredType type, ByteBuffer source, float[] dst, int at, int n) {
    byte[] part = new byte[Math.min(n, PART)];
    for (int done = 0; done < n; done += part.length) {
      int count = Math.min(part.length, n - done);
      source.get(part, 0, count);
      if (type == StoredType.F8_E4M3) {
        for (int i = 0; i < count; i++) {
          dst[at + done + i] = FloatFormats.fromF8E4m3(part[i]);
        }
      } else {
        for (int i = 0; i < count; i++) {
          dst[at + done + i] = FloatFormats.fromF8E5m2(part[i]);
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
