// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

/**
 * Conversions between float and the narrow floating-point formats of weight files. Widening is
 * exact; narrowing rounds to nearest, ties to even. Stateless, thread-safe.
 */
public final class FloatFormats {
  private FloatFormats() {}

  /** IEEE 754 half precision (1-5-10). */
  public static float fromF16(short half) {
    int magnitude = (half & 0x7fff) << 13;
    // Exponent fields line up after the shift; multiplying repairs the bias, also of subnormals.
    int bits =
        magnitude >= 0x7c00 << 13
            ? magnitude | 0x7f800000
            : Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) * 0x1p112f);
    return Float.intBitsToFloat(bits | (half & 0x8000) << 16); // signs are too random to branch on
  }

  /** The upper half of a float (1-8-7). */
  public static float fromBf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** float8_e4m3fn (1-4-3, bias 7, no infinities, NaN is all ones). */
  public static float fromF8E4m3(byte bits) {
    int magnitude = bits & 0x7f;
    int wide =
        magnitude == 0x7f
            ? 0x7fc00000
            : Float.floatToRawIntBits(Float.intBitsToFloat(magnitude << 20) * 0x1p120f);
    return Float.intBitsToFloat(wide | (bits & 0x80) << 24);
  }

  /** float8_e5m2 (1-5-2): a half precision number without its lower byte. */
  public static float fromF8E5m2(byte bits) {
    return fromF16((short) (bits << 8));
  }

  /** IEEE 754 half precision; values beyond 65504 become infinite. */
  public static short toF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (!(magnitude < 65520f)) { // half way between the largest half and the next power of two
      return (short) (sign | (Float.isNaN(value) ? 0x7e00 : 0x7c00));
    }
    if (magnitude < 0x1p-14f) {
      // Subnormal: the float addition rounds to multiples of 2^-24, the smallest half.
      return (short) (sign | Float.floatToRawIntBits(magnitude + 0.5f) - 0x3f000000);
    }
    int rounded = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
    return (short) (sign | (rounded - (112 << 23)) >>> 13);
  }

  /** The upper half of a float, rounded. */
  public static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40); // keeps a NaN from rounding to an infinity
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
