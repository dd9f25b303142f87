// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightTensor;

/**
 * What becomes of one tensor. Immutable; valid while the checkpoint is open.
 *
 * @param source the tensor, under its official name
 * @param type the type it is stored in
 * @param reason why it has that type
 */
public record TensorPlan(WeightTensor source, TensorType type, Reason reason) {
  /** Why a tensor has its type. */
  public enum Reason {
    /** The recipe's type, or a rule of it. */
    RECIPE,
    /** Given by the user. */
    OVERRIDE,
    /** Chosen for a target size or error. */
    CHOSEN,
    /** Too small or too delicate to quantise. */
    KEPT,
    /** Its rows do not fill the blocks of the recipe's type. */
    FALLBACK
  }

  /** The official name. */
  public String name() {
    return source.name();
  }

  public Shape shape() {
    return source.shape();
  }

  /** Bytes in the file, without padding. */
  public long bytes() {
    return type.bytes(shape());
  }

  TensorPlan with(TensorType newType, Reason newReason) {
    return new TensorPlan(source, newType, newReason);
  }
}
