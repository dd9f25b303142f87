// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.recipe.StoredAs;

/**
 * What becomes of one tensor. Immutable; valid while the checkpoint is open.
 *
 * @param source the tensor, under its official name
 * @param stored the type it is stored in, and why
 */
public record TensorPlan(WeightTensor source, StoredAs stored) {
  public TensorType type() {
    return stored.type();
  }

  public StoredAs.Reason reason() {
    return stored.reason();
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
    return type().bytes(shape());
  }

  TensorPlan with(TensorType newType, StoredAs.Reason newReason) {
    return new TensorPlan(source, new StoredAs(newType, newReason));
  }
}
