// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import java.util.List;

/**
 * Brings slices of tensors into their stored type and measures what that loses. Owner of scratch
 * memory that grows to the largest slice. Confined to one thread.
 */
final class SliceConverter implements AutoCloseable {
  /** Elements in a slice: small enough that all threads' slices stay far below the memory limit. */
  static final int SLICE_ELEMENTS = 1 << 20;

  /** A bound for tensors with a few very long rows. */
  private static final long MOST_ELEMENTS = 64L * SLICE_ELEMENTS;

  /** All block sizes divide this. */
  private static final int LARGEST_BLOCK = 256;

  private final SliceReader reader = new SliceReader();
  private HostMemory source = new HostMemory(0);
  private HostMemory restored = new HostMemory(0);

  /**
   * Rows in a slice, so that slices start at whole blocks whatever types are read and written.
   *
   * @throws IllegalArgumentException if a single row is too long to be held in memory
   */
  static long sliceRows(TensorPlan plan) {
    long columns = plan.shape().columns();
    long step = LARGEST_BLOCK / Long.lowestOneBit(columns | LARGEST_BLOCK);
    long wanted = Math.max(step, SLICE_ELEMENTS / columns / step * step);
    long rows = Math.min(plan.shape().rows(), wanted);
    if (rows > MOST_ELEMENTS / columns) {
      throw new IllegalArgumentException(
          String.format(
              "tensor '%s' has rows of %,d elements, expected at most %,d",
              plan.name(), columns, MOST_ELEMENTS / rows));
    }
    return rows;
  }

  /**
   * Converts rows.
   *
   * @param importance address of one F32 weight for each column, or 0
   * @param target has room for the rows in the plan's type
   * @return the error of the stored values
   */
  ErrorStatistics convert(
      TensorPlan plan,
      long firstRow,
      long rows,
      List<TensorPatch> patches,
      long importance,
      HostMemory target) {
    long columns = plan.shape().columns();
    int count = Math.toIntExact(rows * columns);
    source = grown(source, 4L * count);
    reader.read(plan.source(), firstRow * columns, count, patches, source);
    TensorType type = plan.type();
    Quantization.quantize(type, source.address(), target.address(), rows, columns, importance);
    restored = grown(restored, 4L * count);
    Quantization.dequantize(type, target.address(), restored.address(), count);
    return ErrorStatistics.of(
        count, Quantization.compare(source.address(), restored.address(), count));
  }

  /** Memory of at least that size; the old one is freed if it is too small. */
  static HostMemory grown(HostMemory memory, long bytes) {
    if (memory.bytes() >= bytes) {
      return memory;
    }
    memory.close();
    return new HostMemory(bytes);
  }

  long scratchBytes() {
    return source.bytes() + restored.bytes() + reader.scratchBytes();
  }

  @Override
  public void close() {
    reader.close();
    source.close();
    restored.close();
  }
}
