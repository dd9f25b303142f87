// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import java.util.EnumSet;
import java.util.Set;

/**
 * What ggml's operations ask of their operands, beyond shapes that depend on each other. ggml ends
 * the process where an operand is otherwise, most of it only when the graph runs. Stateless.
 *
 * <p>Source: the asserts of ggml.c and ggml-cpu (ops.cpp, binary-ops.cpp, unary-ops.cpp), 0.25.1.
 */
final class OpChecks {
  private static final Set<TensorType> FLOATS =
      EnumSet.of(TensorType.F32, TensorType.F16, TensorType.BF16);

  /** Types without a product kernel: plain integers, and what ggml quantises activations to. */
  private static final Set<TensorType> NO_PRODUCT =
      EnumSet.of(
          TensorType.I8,
          TensorType.I16,
          TensorType.I32,
          TensorType.I64,
          TensorType.F64,
          TensorType.Q8_1,
          TensorType.Q8_K);

  private OpChecks() {}

  static void requireType(String op, Tensor a, TensorType type) {
    if (a.type() != type) {
      throw new ShapeException(op + ": " + a + " must be " + type);
    }
  }

  static void requireFloat(String op, Tensor a) {
    if (!FLOATS.contains(a.type())) {
      throw new ShapeException(op + ": " + a + " must be F32, F16 or BF16");
    }
  }

  static void requireF32OrF16(String op, Tensor a) {
    if (a.type() != TensorType.F32 && a.type() != TensorType.F16) {
      throw new ShapeException(op + ": " + a + " must be F32 or F16");
    }
  }

  /** F32, F16, BF16 or I32: what joining and repeating move. */
  static void requireMovable(String op, Tensor a) {
    if (!FLOATS.contains(a.type()) && a.type() != TensorType.I32) {
      throw new ShapeException(op + ": " + a + " must be F32, F16, BF16 or I32");
    }
  }

  /** The second operand has the first one's type, or is F32. */
  static void requirePair(String op, Tensor a, Tensor b) {
    requireFloat(op, a);
    if (b.type() != a.type() && b.type() != TensorType.F32) {
      throw new ShapeException(op + ": " + b + " must be F32 or of the type of " + a);
    }
  }

  static void requireWeight(String op, Tensor weight) {
    if (NO_PRODUCT.contains(weight.type())) {
      throw new ShapeException(op + ": no product with a weight of type " + weight);
    }
  }

  static void requireTable(String op, Tensor a) {
    boolean known = FLOATS.contains(a.type()) || a.type() == TensorType.I32;
    if (!known && (!a.type().isQuantized() || a.type() == TensorType.Q8_K)) {
      throw new ShapeException(op + ": no rows can be taken of " + a);
    }
  }

  static void requireCopyable(String op, Tensor from, TensorType to, boolean toContiguous) {
    boolean plain =
        FLOATS.contains(from.type())
            ? FLOATS.contains(to) || (from.type() == TensorType.F32 && to == TensorType.I32)
            : from.type() == TensorType.I32 && to == TensorType.F32;
    boolean same = from.type() == to && !to.isQuantized();
    // Between quantised tensors ggml counts bytes by elements unless both have no gaps.
    boolean contiguous = toContiguous && from.isContiguous();
    boolean quantised =
        contiguous
            && (from.type() == to
                || (FLOATS.contains(from.type()) && to.isQuantized() && to != TensorType.Q8_K)
                || (from.type().isQuantized() && to == TensorType.F32));
    if (!plain && !same && !quantised) {
      throw new ShapeException(
          op + ": " + from + " cannot be copied to " + to + "; copy it to F32 without gaps first");
    }
  }

  static void requireRows(String op, Tensor a) {
    if (!a.hasContiguousRows()) {
      throw new ShapeException(op + ": rows of " + a + " are not contiguous; copy it first");
    }
  }

  static void requireContiguous(String op, Tensor a) {
    if (!a.isContiguous()) {
      throw new ShapeException(op + ": " + a + " is not contiguous; copy it first");
    }
  }

  /** No gaps, and for dimensions of length 1 too the strides that a tensor without gaps has. */
  static void requirePlainStrides(String op, Tensor a) {
    requireContiguous(op, a);
    long[] ne = a.shape().ggmlDims();
    for (int i = 2; i < 4; i++) {
      if (a.ggmlStride(i) != a.ggmlStride(i - 1) * ne[i - 1]) {
        throw new ShapeException(op + ": " + a + " has the strides of a view; duplicate it first");
      }
    }
  }

  /** ggml measures a view by its elements, so it must span as many bytes as they take. */
  static void requireNoOverlap(String op, Tensor a) {
    if (a.type().bytes(a.shape()) > a.bytes()) {
      throw new ShapeException(op + ": elements of " + a + " overlap; copy it first");
    }
  }

  /** Refuses NaN too. */
  static void requireEps(String op, float eps) {
    if (!(eps >= 0)) {
      throw new ShapeException(op + ": eps " + eps + " must be 0 or more");
    }
  }
}
