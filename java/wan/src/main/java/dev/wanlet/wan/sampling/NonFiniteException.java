// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/** A prediction or the latents hold NaN or infinity: going on would give black frames. */
public class NonFiniteException extends ArithmeticException {
  private static final long serialVersionUID = 1L;

  private final int step;

  NonFiniteException(String message, int step) {
    super(message);
    this.step = step;
  }

  /** Index of the step that failed, from 0. */
  public int step() {
    return step;
  }
}
