// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.recipe;

import dev.wanlet.ggml.TensorType;
import java.util.Objects;

/**
 * The type that a tensor has in a file. Immutable.
 *
 * @param type the type it is stored in
 * @param reason why it has that type
 */
public record StoredAs(TensorType type, Reason reason) {
  /** Why a tensor has its type. */
  public enum Reason {
    /** The quantisation recipe's type, or a rule of it. */
    RECIPE,
    /** Given by the user. */
    OVERRIDE,
    /** Chosen for a target size or error. */
    CHOSEN,
    /** Too small or too delicate to quantise. */
    KEPT,
    /** Its rows do not fill the blocks of the quantisation recipe's type. */
    FALLBACK
  }

  public StoredAs {
    Objects.requireNonNull(type);
    Objects.requireNonNull(reason);
  }
}
