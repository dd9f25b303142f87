// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.recipe.StoredAs;

/**
 * What became of one tensor. Immutable.
 *
 * @param name the official name
 * @param shape in PyTorch order
 * @param sourceType the type it came in
 * @param type the type it is stored in
 * @param reason why it has that type
 * @param bytes its size in the file
 * @param error how far it is from the source, adapters included; of a sample in a dry run
 */
public record TensorReport(
    String name,
    Shape shape,
    StoredType sourceType,
    TensorType type,
    StoredAs.Reason reason,
    long bytes,
    ErrorStatistics error) {
  static TensorReport of(TensorPlan plan, ErrorStatistics error) {
    return new TensorReport(
        plan.name(),
        plan.shape(),
        plan.source().type(),
        plan.type(),
        plan.reason(),
        plan.bytes(),
        error);
  }
}
