// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.WeightTensor;

/** Looks for infinities and NaN. Stateless. */
final class FiniteCheck {
  private static final int CHUNK = 1 << 16;

  private FiniteCheck() {}

  /** Whether all elements are finite; quantised tensors, which have no such, are not looked at. */
  static boolean isFinite(WeightTensor tensor) {
    if (tensor.type().isQuantized()) {
      return true;
    }
    float[] part = new float[(int) Math.min(CHUNK, tensor.elements())];
    for (long done = 0; done < tensor.elements(); done += part.length) {
      int n = (int) Math.min(part.length, tensor.elements() - done);
      tensor.readFloats(done, part, 0, n);
      // A sum of products with zero is NaN as soon as one factor is not finite.
      float sum = 0;
      for (int i = 0; i < n; i++) {
        sum += part[i] * 0;
      }
      if (sum != 0) {
        return false;
      }
    }
    return true;
  }
}
