// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Quantization;

/**
 * How far stored weights are from the true ones. Immutable.
 *
 * @param elements how many were compared
 * @param squaredError sum of squared differences
 * @param squaredSource sum of squares of the true weights
 * @param squaredStored sum of squares of the stored weights
 * @param product sum of products of true and stored weights
 * @param largest largest absolute difference
 */
public record ErrorStatistics(
    long elements,
    double squaredError,
    double squaredSource,
    double squaredStored,
    double product,
    double largest) {

  /** Nothing compared yet. */
  public static final ErrorStatistics NONE = new ErrorStatistics(0, 0, 0, 0, 0, 0);

  static ErrorStatistics of(long elements, Quantization.Difference d) {
    return new ErrorStatistics(
        elements,
        d.squaredError(),
        d.squaredFirst(),
        d.squaredSecond(),
        d.product(),
        d.largestError());
  }

  /** Those of both sets of elements together. */
  public ErrorStatistics plus(ErrorStatistics other) {
    return new ErrorStatistics(
        elements + other.elements,
        squaredError + other.squaredError,
        squaredSource + other.squaredSource,
        squaredStored + other.squaredStored,
        product + other.product,
        Math.max(largest, other.largest));
  }

  /** Root of the mean squared difference. */
  public double rmse() {
    return elements == 0 ? 0 : Math.sqrt(squaredError / elements);
  }

  /** {@link #rmse} as a part of the weights' own root mean square; 0 if all weights are 0. */
  public double relativeRmse() {
    return squaredSource == 0 ? 0 : Math.sqrt(squaredError / squaredSource);
  }

  /** Cosine of the angle between true and stored weights; 1 if all are 0. */
  public double cosine() {
    double norm = Math.sqrt(squaredSource) * Math.sqrt(squaredStored);
    return norm == 0 ? 1 : product / norm;
  }

  /** Whether neither side holds infinities or NaN (nor values whose squares overflow). */
  public boolean isFinite() {
    return Double.isFinite(squaredSource) && Double.isFinite(squaredStored);
  }
}
