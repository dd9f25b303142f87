// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.TensorType;
import java.util.List;

/**
 * Chooses the types that matrices are computed in, and what adapters add beside them.
 * Implementations are immutable.
 */
public interface TypePolicy {
  /** Everything widened to F32: the setting of parity checks. */
  TypePolicy ALL_F32 = (name, rows, columns) -> TensorType.F32;

  /**
   * The type of a matrix.
   *
   * @param name the checkpoint's name, relative to the block or network
   * @param columns must fill whole blocks of the answer
   */
  TensorType matrixType(String name, long rows, long columns);

  /**
   * Whether products of many rows widen quantised matrices to BF16 first. Where that is faster it
   * is also more exact, see {@link dev.wanlet.ggml.Device#multipliesBf16Faster}.
   */
  default boolean widensQuantised() {
    return false;
  }

  /**
   * The low-rank paths beside a matrix, in order.
   *
   * @param module what its name is without {@code .weight}
   */
  default List<SidePath> sidePaths(String module) {
    return List.of();
  }

  /** This policy for names below a prefix, such as {@code blocks.3.}. */
  default TypePolicy under(String prefix) {
    TypePolicy outer = this;
    return new TypePolicy() {
      @Override
      public TensorType matrixType(String name, long rows, long columns) {
        return outer.matrixType(prefix + name, rows, columns);
      }

      @Override
      public boolean widensQuantised() {
        return outer.widensQuantised();
      }

      @Override
      public List<SidePath> sidePaths(String module) {
        return outer.sidePaths(prefix + module);
      }
    };
  }
}
