// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import java.util.Arrays;

/**
 * The rows that cross-attention sees for a prompt. Wan pads every prompt to 512 rows without
 * masking; all padding rows are equal, so one row stands for them, and its key gets the log of
 * their number as a bias: exactly the same softmax. Immutable.
 *
 * @param tokens real tokens of the prompt
 */
public record PromptRows(int tokens) {
  // Flash attention's mask is F16, which cannot hold log(count) exactly; the sum of the
  // exponentials of up to
  // three F16 numbers can come within 2e-8 of the count.
  private static final int MAX_COPIES = 3;

  private static final double LOWEST_HALF_STEP = 1e-6;

  public PromptRows {
    if (tokens < 0 || tokens > WanConfig.TEXT_LENGTH) {
      throw new IllegalArgumentException(
          "a prompt of " + tokens + " tokens; Wan takes 0 to " + WanConfig.TEXT_LENGTH);
    }
  }

  private int padding() {
    return WanConfig.TEXT_LENGTH - tokens;
  }

  /** Rows to embed: the real ones and, if the prompt is shorter than 512, one of zeros. */
  public int embedded() {
    return padding() > 0 ? tokens + 1 : tokens;
  }

  /** Keys in cross-attention: the real ones and the copies that stand for the padding. */
  public int keys() {
    return tokens + biases().length;
  }

  /** Copies of the padding row behind itself: {@code keys() - embedded()}. */
  public int copies() {
    return keys() - embedded();
  }

  /** Whether a bias is needed at all. */
  public boolean needsMask() {
    return padding() > 0;
  }

  /** The bias of each copy of the padding row, all exact in F16. */
  public float[] biases() {
    float[] biases = new float[MAX_COPIES];
    double rest = padding();
    int n = 0;
    while (n < MAX_COPIES && rest > LOWEST_HALF_STEP) {
      // Rounded down, so that something is left for the next copy to take.
      float bias = floorHalf(Math.log(rest));
      biases[n++] = bias;
      rest -= Math.exp(bias);
    }
    return Arrays.copyOf(biases, n);
  }

  /** One row of the mask: a bias for every key. */
  public float[] maskRow() {
    float[] row = new float[keys()];
    float[] biases = biases();
    System.arraycopy(biases, 0, row, tokens, biases.length);
    return row;
  }

  /** The largest F16 number not above x, for normal magnitudes. */
  private static float floorHalf(double x) {
    int exponent = Math.max(Math.getExponent(x), -14);
    double ulp = Math.scalb(1.0, exponent - 10);
    return (float) (Math.floor(x / ulp) * ulp);
  }
}
