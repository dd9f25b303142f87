// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FloatFormatsTest {
  /** By the formats' definition: sign, biased exponent, fraction. */
  private static double decode(int bits, int exponentBits, int mantissaBits) {
    int bias = (1 << exponentBits - 1) - 1;
    int exponent = bits >> mantissaBits & (1 << exponentBits) - 1;
    double fraction = (bits & (1 << mantissaBits) - 1) / (double) (1 << mantissaBits);
    double magnitude =
        exponent == 0
            ? fraction * Math.pow(2, 1 - bias)
            : (1 + fraction) * Math.pow(2, exponent - bias);
    return (bits >> exponentBits + mantissaBits & 1) == 0 ? magnitude : -magnitude;
  }

  @Test
  void widensEveryHalf() {
    for (int bits = 0; bits <= 0xffff; bits++) {
      float value = FloatFormats.fromF16((short) bits);
      if ((bits & 0x7c00) == 0x7c00) {
        assertThat(Float.isNaN(value)).isEqualTo((bits & 0x3ff) != 0);
        assertThat(Float.isInfinite(value)).isEqualTo((bits & 0x3ff) == 0);
      } else {
        assertThat((double) value).as("0x%04x", bits).isEqualTo(decode(bits, 5, 10));
        assertThat(FloatFormats.toF16(value)).as("back to 0x%04x", bits).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void widensEveryEightBitFloat() {
    for (int bits = 0; bits <= 0xff; bits++) {
      float e4m3 = FloatFormats.fromF8E4m3((byte) bits);
      if ((bits & 0x7f) == 0x7f) {
        assertThat(e4m3).isNaN();
      } else {
        assertThat((double) e4m3).as("e4m3 0x%02x", bits).isEqualTo(decode(bits, 4, 3));
      }
      float e5m2 = FloatFormats.fromF8E5m2((byte) bits);
      if ((bits & 0x7c) != 0x7c) {
        assertThat((double) e5m2).as("e5m2 0x%02x", bits).isEqualTo(decode(bits, 5, 2));
      }
    }
    assertThat(FloatFormats.fromF8E4m3((byte) 0x7e)).isEqualTo(448);
    assertThat(FloatFormats.fromF8E5m2((byte) 0xfc)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(FloatFormats.fromF8E5m2((byte) 0x7d)).isNaN();
  }

  @ParameterizedTest
  @CsvSource({
    "65504, 0x7bff",
    "65519.996, 0x7bff",
    "65520, 0x7c00",
    "-1e9, 0xfc00",
    "Infinity, 0x7c00",
    "2.9802322e-8, 0x0000",
    "2.9802326e-8, 0x0001",
    "6.1035156e-5, 0x0400",
    "6.1e-5, 0x03ff",
    "1.00048828125, 0x3c00",
    "1.00146484375, 0x3c02",
    "-0.0, 0x8000"
  })
  void roundsToTheNearestHalf(float value, String bits) {
    assertThat(FloatFormats.toF16(value) & 0xffff).isEqualTo(Integer.decode(bits));
  }

  /** No half lies nearer to the value than the one chosen. */
  @Test
  void choosesTheNearestHalfOfRandomValues() {
    Random random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(40) - 25));
      short half = FloatFormats.toF16(value);
      double error = Math.abs(FloatFormats.fromF16(half) - (double) value);
      for (int step = -1; step <= 1; step += 2) {
        float neighbour = FloatFormats.fromF16((short) (half + step));
        assertThat(Float.isNaN(neighbour) || Math.abs(neighbour - (double) value) >= error)
            .as("%s became %s, %s is nearer", value, FloatFormats.fromF16(half), neighbour)
            .isTrue();
      }
    }
  }

  @Test
  void roundsToBf16() {
    assertThat(FloatFormats.toBf16(1.0f)).isEqualTo((short) 0x3f80);
    assertThat(FloatFormats.toBf16(1.00390625f)).isEqualTo((short) 0x3f80); // tie to even
    assertThat(FloatFormats.toBf16(1.01171875f)).isEqualTo((short) 0x3f82); // tie to even
    assertThat(FloatFormats.toBf16(-1.0040f)).isEqualTo((short) 0xbf81);
    assertThat(FloatFormats.toBf16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    assertThat(FloatFormats.fromBf16(FloatFormats.toBf16(Float.intBitsToFloat(0x7f800001))))
        .isNaN();
    assertThat(FloatFormats.fromBf16((short) 0xc0a0)).isEqualTo(-5);
  }
}
