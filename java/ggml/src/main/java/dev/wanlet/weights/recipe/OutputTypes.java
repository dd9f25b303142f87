// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.recipe;

import dev.wanlet.ggml.TensorType;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The tensor types that a quantisation recipe may name, which are those the quantise tool writes.
 * Stateless, thread-safe.
 */
final class OutputTypes {
  private static final List<TensorType> ALL =
      List.of(
          TensorType.F32,
          TensorType.F16,
          TensorType.BF16,
          TensorType.Q8_0,
          TensorType.Q6_K,
          TensorType.Q5_K,
          TensorType.Q5_0,
          TensorType.Q5_1,
          TensorType.Q4_K,
          TensorType.Q4_0,
          TensorType.Q4_1,
          TensorType.IQ4_NL,
          TensorType.Q3_K,
          TensorType.Q2_K);

  private OutputTypes() {}

  /**
   * The type of a name in any case.
   *
   * @throws IllegalArgumentException if it is none of them; the message lists them
   */
  static TensorType parse(String name) {
    for (TensorType type : ALL) {
      if (type.name().equalsIgnoreCase(name.trim())) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "unknown tensor type '"
            + name
            + "'; known: "
            + ALL.stream().map(Enum::name).collect(Collectors.joining(", ")));
  }
}
