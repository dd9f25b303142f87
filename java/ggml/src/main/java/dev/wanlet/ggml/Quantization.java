// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import java.util.EnumSet;
import java.util.Set;

/**
 * ggml's own quantisers and dequantisers over native memory. Thread-safe: calls on separate ranges
 * may run at the same time.
 */
public final class Quantization {
  /** What ggml quantises activations to, inside its products. */
  private static final Set<TensorType> NO_QUANTISER = EnumSet.of(TensorType.Q8_1, TensorType.Q8_K);

  private Quantization() {}

  /**
   * Stores F32 rows in a type.
   *
   * @param type the target; not one that {@linkplain #needsImportance needs importance} without it
   * @param source address of rows * columns F32 values
   * @param target address of {@code type.bytes(columns) * rows} bytes
   * @param importance address of {@code columns} F32 weights, or 0
   * @return bytes written
   */
  public static long quantize(
      TensorType type, long source, long target, long rows, long columns, long importance) {
    if (NO_QUANTISER.contains(type)) {
      throw new IllegalArgumentException(
          type + " is for activations only; quantise weights to another type, such as Q8_0");
    }
    if (rows < 0 || columns < 1 || !type.fits(columns)) {
      throw new ShapeException(
          "rows of "
              + columns
              + " elements do not fill "
              + type
              + " blocks of "
              + type.blockElements());
    }
    if (importance == 0 && needsImportance(type)) {
      throw new IllegalArgumentException(type + " needs an importance matrix");
    }
    if (!type.isQuantized()) {
      GgmlJni.narrow(type.id(), source, target, rows * columns);
      return type.bytes(columns) * rows;
    }
    return GgmlJni.quantizeRows(type.id(), source, target, rows, columns, importance);
  }

  /**
   * Widens whole blocks to F32.
   *
   * @throws GgmlException with {@link ErrorCode#UNSUPPORTED} if not {@link #canWiden}
   */
  public static void dequantize(TensorType type, long source, long target, long elements) {
    if (elements < 0) {
      throw new IllegalArgumentException("negative number of elements " + elements);
    }
    type.bytes(elements);
    GgmlJni.dequantize(type.id(), source, target, elements);
  }

  /**
   * How far two ranges of F32 values are apart.
   *
   * @param first address of the true values
   * @param second address of the approximations
   */
  public static Difference compare(long first, long second, long elements) {
    double[] sums = GgmlJni.compareFloats(first, second, elements);
    return new Difference(sums[0], sums[1], sums[2], sums[3], sums[4]);
  }

  /**
   * Sums over pairs of a true value a and its approximation b. Immutable.
   *
   * @param squaredError sum of (a - b)^2
   * @param squaredFirst sum of a^2
   * @param squaredSecond sum of b^2
   * @param product sum of a * b
   * @param largestError largest |a - b|; unreliable where values are not finite, unlike the sums
   */
  public record Difference(
      double squaredError,
      double squaredFirst,
      double squaredSecond,
      double product,
      double largestError) {}

  /** Whether {@link #dequantize} takes a type: all that weights are stored in. */
  public static boolean canWiden(TensorType type) {
    boolean plain = type == TensorType.F32 || type == TensorType.F16 || type == TensorType.BF16;
    return plain || (type.isQuantized() && !NO_QUANTISER.contains(type));
  }

  /** Whether a type can only be made with importance weights. */
  public static boolean needsImportance(TensorType type) {
    return GgmlJni.quantizeNeedsImatrix(type.id());
  }
}
