// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import java.util.Arrays;

/**
 * A tensor that an operation reads. Immutable.
 *
 * @param weight whether it is filled like a weight (small values) rather than an activation
 * @param shape in PyTorch order
 */
record Operand(TensorType type, boolean weight, Shape shape) {
  /** An activation. */
  static Operand f32(long... shape) {
    return new Operand(TensorType.F32, false, Shape.of(shape));
  }

  /** An activation of another type. */
  static Operand of(TensorType type, long... shape) {
    return new Operand(type, false, Shape.of(shape));
  }

  /** A weight. */
  static Operand weight(TensorType type, long... shape) {
    return new Operand(type, true, Shape.of(shape));
  }

  /** Positions 0, 1, 2, ... */
  static Operand positions(long count) {
    return new Operand(TensorType.I32, false, Shape.of(count));
  }

  int[] toPositions() {
    int[] values = new int[Math.toIntExact(shape.elements())];
    Arrays.setAll(values, i -> i);
    return values;
  }
}
