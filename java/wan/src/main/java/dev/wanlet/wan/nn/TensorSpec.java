// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;

/**
 * One weight as a network computes with it. Immutable.
 *
 * @param name the checkpoint's name, relative to the network or block it belongs to
 * @param type the type it is computed in
 * @param shape the shape it is computed in, at most four dimensions
 * @param sourceShape the shape it has in a checkpoint
 * @param transform how the one is made from the other
 */
public record TensorSpec(
    String name, TensorType type, Shape shape, Shape sourceShape, Transform transform) {

  /** How stored elements are arranged for computing. */
  public enum Transform {
    /** The same elements in the same order; the shapes may split dimensions differently. */
    NONE,
    /**
     * A causal 3-D kernel [OC, IC, KT, KH, KW] as a 2-D kernel [OC, KT*IC, KH, KW] over frames
     * joined along channels, earliest frame first.
     */
    FOLD_TIME,
    /**
     * A kernel [OC, IC, taps..] as a matrix [OC, taps * IC]: the input channels of the first tap,
     * then those of the next.
     */
    CHANNELS_LAST,
    /**
     * A kernel [OC, 2 * IC, taps..] over two inputs joined along channels as a matrix [OC, 2 * taps
     * * IC]: as {@link #CHANNELS_LAST} for the first input, then for the second.
     */
    PAIR_CHANNELS_LAST
  }

  public TensorSpec {
    if (shape.elements() != sourceShape.elements()) {
      throw new IllegalArgumentException(
          "weight " + name + ": shapes " + shape + " and " + sourceShape + " differ in size");
    }
  }

  /** A weight that is computed with in the shape it is stored in. */
  public static TensorSpec of(String name, TensorType type, long... shape) {
    Shape s = Shape.of(shape);
    return new TensorSpec(name, type, s, s, Transform.NONE);
  }
}
