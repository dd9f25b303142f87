// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import dev.wanlet.ggml.Shape;
import java.util.Arrays;
import java.util.Optional;

/**
 * Factors that bring a matrix of 8-bit numbers to its true size: one for all, one for each row, or
 * one for each block of rows and columns. Immutable.
 */
public final class Scales {
  private final float[] factors;
  private final long columns;
  private final long blockRows;
  private final long blockColumns;
  private final long blocksInRow;
  private final long firstRow;

  private Scales(float[] factors, long columns, long blockRows, long blockColumns, long firstRow) {
    this.factors = factors;
    this.firstRow = firstRow;
    this.columns = columns;
    this.blockRows = blockRows;
    this.blockColumns = blockColumns;
    this.blocksInRow = ceilDivide(columns, blockColumns);
  }

  /**
   * Matches factors with the shape they are for. Blocks are a power of two long, or as long as the
   * matrix; those at its end may be shorter.
   *
   * @param factors values in memory order
   * @param shape of the factors: none but ones for one factor, [rows] or [rows, 1] for one a row,
   *     else [blocks down, blocks across]
   * @param weight the shape to scale; dimensions after the first count as columns
   * @return empty if they do not fit
   */
  public static Optional<Scales> of(float[] factors, Shape shape, Shape weight) {
    if (weight.rank() == 0 || weight.elements() == 0 || factors.length == 0) {
      return Optional.empty();
    }
    long rows = weight.dim(0);
    long columns = weight.elements() / rows;
    if (factors.length == 1) {
      return Optional.of(new Scales(factors.clone(), columns, rows, columns, 0));
    }
    long[] dims = shape.dims();
    long down = dims[0];
    long across = factors.length / Math.max(1, down);
    boolean flat = dims.length <= 2 || Arrays.stream(dims).skip(2).allMatch(d -> d == 1);
    long blockRows = blockLength(rows, down);
    long blockColumns = blockLength(columns, across);
    return flat && blockRows > 0 && blockColumns > 0
        ? Optional.of(new Scales(factors.clone(), columns, blockRows, blockColumns, 0))
        : Optional.empty();
  }

  /** How long blocks are if {@code blocks} of them cover {@code length}; 0 if none of ours do. */
  private static long blockLength(long length, long blocks) {
    if (blocks == 1) {
      return length;
    }
    for (long block = 1; block < length; block *= 2) {
      if (ceilDivide(length, block) == blocks) {
        return block;
      }
    }
    return 0;
  }

  private static long ceilDivide(long a, long b) {
    return (a + b - 1) / b;
  }

  /** The factors of the rows from {@code row} on, for a part of the matrix. */
  Scales fromRow(long row) {
    return new Scales(factors, columns, blockRows, blockColumns, firstRow + row);
  }

  /** Multiplies elements of the matrix, in memory order, by their factors. */
  void apply(long elementOffset, float[] values, int at, int n) {
    int done = 0;
    while (done < n) {
      long element = elementOffset + done;
      long column = element % columns;
      long block = column / blockColumns;
      long blockEnd = Math.min(columns, (block + 1) * blockColumns);
      float factor =
          factors[(int) ((element / columns + firstRow) / blockRows * blocksInRow + block)];
      int end = (int) Math.min(n, done + blockEnd - column);
      for (int i = done; i < end; i++) {
        values[at + i] *= factor;
      }
      done = end;
    }
  }
}
