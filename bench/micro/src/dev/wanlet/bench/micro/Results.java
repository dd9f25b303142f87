// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

/** Checks of what a benchmark computed: a wrong result makes its time worthless. */
final class Results {
  private Results() {}

  /** Returns the values if all are finite and they are not all equal; else the benchmark fails. */
  static float[] plausible(float[] values) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float v : values) {
      if (!Float.isFinite(v)) {
        throw new IllegalStateException("the result holds " + v);
      }
      min = Math.min(min, v);
      max = Math.max(max, v);
    }
    if (!(min < max)) {
      throw new IllegalStateException("all " + values.length + " values of the result are " + min);
    }
    return values;
  }

  /** Fails unless two results agree within {@code bound} of the largest value. */
  static void close(float[] actual, float[] expected, double bound) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    }
    if (actual.length != expected.length || !(difference <= bound * largest)) {
      throw new IllegalStateException(
          String.format(
              "the result is %.3g off, of values up to %.3g (%d and %d of them)",
              difference, largest, actual.length, expected.length));
    }
  }
}
