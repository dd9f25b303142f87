// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

/**
 * How far one named activation is from its reference. Immutable.
 *
 * @param name as in the folder's outputs
 * @param maxAbs largest absolute difference; infinite where a value is not finite or there is none
 * @param nmse sum of squared differences over the reference's sum of squares
 * @param bound what {@code maxAbs} may be: the tolerance times max(1, largest |expected|)
 * @param ok whether it is within the bound
 * @param problem why there is nothing to compare; empty if there is
 */
public record TapResult(
    String name, double maxAbs, double nmse, double bound, boolean ok, String problem) {

  /**
   * Compares an activation with its reference.
   *
   * @param actual what the run produced; null if it produced nothing of that name
   */
  public static TapResult compare(String name, float[] actual, float[] expected, double tolerance) {
    double largest = 0;
    double power = 0;
    for (float e : expected) {
      largest = Math.max(largest, Math.abs((double) e));
      power += (double) e * e;
    }
    double bound = tolerance * Math.max(1, largest);
    if (actual == null) {
      return failed(name, bound, "not produced");
    }
    if (actual.length != expected.length) {
      return failed(
          name, bound, String.format("%,d values, expected %,d", actual.length, expected.length));
    }
    double maxAbs = 0;
    double error = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) actual[i] - expected[i]);
      if (!Double.isFinite(difference)) {
        return failed(name, bound, "value " + i + " is " + actual[i]);
      }
      maxAbs = Math.max(maxAbs, difference);
      error += difference * difference;
    }
    double nmse = error == 0 ? 0 : error / power;
    return new TapResult(name, maxAbs, nmse, bound, maxAbs <= bound, "");
  }

  private static TapResult failed(String name, double bound, String problem) {
    double infinite = Double.POSITIVE_INFINITY;
    return new TapResult(name, infinite, infinite, bound, false, problem);
  }
}
