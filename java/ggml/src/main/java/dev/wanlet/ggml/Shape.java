// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import java.util.Arrays;

/**
 * A tensor shape in PyTorch order: the last dimension is contiguous. Immutable.
 *
 * <p>ggml stores dimensions the other way round and always has four of them; {@link #ggmlDims()} is
 * the only place where that order is made. A scalar has no dimensions and one element.
 */
public final class Shape {
  /** ggml's own limit on dimensions of a tensor it computes with. Files may hold more. */
  public static final int MAX_GGML_DIMS = GgmlJni.MAX_DIMS;

  private final long[] dims;

  private Shape(long[] dims) {
    this.dims = dims;
  }

  /**
   * Makes a shape.
   *
   * @throws IllegalArgumentException if a dimension is negative or the element count overflows
   */
  public static Shape of(long... dims) {
    long elements = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException("negative dimension in shape " + Arrays.toString(dims));
      }
      try {
        elements = Math.multiplyExact(elements, dim);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + " has more elements than fit in 63 bits", e);
      }
    }
    return new Shape(dims.clone());
  }

  /** Makes a shape from ggml's dimensions (first one contiguous), dropping outer ones. */
  public static Shape ofGgml(long[] ne, int rank) {
    long[] dims = new long[rank];
    for (int i = 0; i < rank; i++) {
      dims[i] = ne[rank - 1 - i];
    }
    return of(dims);
  }

  public int rank() {
    return dims.length;
  }

  /** Dimension {@code i}; negative values count from the end, as in PyTorch. */
  public long dim(int i) {
    return dims[i < 0 ? dims.length + i : i];
  }

  public long[] dims() {
    return dims.clone();
  }

  public long elements() {
    long n = 1;
    for (long dim : dims) {
      n *= dim;
    }
    return n;
  }

  /** The length of one contiguous row: the last dimension, or 1 for a scalar. */
  public long columns() {
    return dims.length == 0 ? 1 : dims[dims.length - 1];
  }

  /** The number of rows: elements / columns; 0 if there are no elements. */
  public long rows() {
    long rows = 1;
    for (int i = 0; i < dims.length - 1; i++) {
      rows *= dims[i];
    }
    return rows;
  }

  /**
   * ggml's four dimensions, contiguous one first, padded with ones.
   *
   * @throws IllegalArgumentException if this shape has more than four dimensions
   */
  public long[] ggmlDims() {
    if (dims.length > MAX_GGML_DIMS) {
      throw new IllegalArgumentException(
          "shape " + this + " has " + dims.length + " dimensions, ggml computes with at most 4");
    }
    long[] ne = {1, 1, 1, 1};
    for (int i = 0; i < dims.length; i++) {
      ne[i] = dims[dims.length - 1 - i];
    }
    return ne;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape s && Arrays.equals(dims, s.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** As PyTorch prints it: {@code [16, 5, 8, 8]}. */
  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
