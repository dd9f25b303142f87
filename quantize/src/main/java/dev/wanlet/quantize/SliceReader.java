// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Widens ranges of elements of weight tensors to F32 in native memory. Owner of scratch memory.
 * Confined to one thread.
 */
final class SliceReader implements AutoCloseable {
  private float[] scratch = new float[0];
  private HostMemory stored = new HostMemory(0);

  /**
   * Reads a range.
   *
   * @param elementOffset the first element; for quantised types the start of a block
   * @param count elements; for quantised types whole blocks
   * @param target has room for {@code count} floats
   * @throws UncheckedIOException if the file cannot be read any more
   */
  void read(
      WeightTensor tensor,
      long elementOffset,
      int count,
      List<TensorPatch> patches,
      HostMemory target) {
    TensorType type = tensor.type().tensorType().orElse(null);
    boolean direct = type != null && type != TensorType.F64 && !isInteger(type);
    if (direct) {
      widen(tensor, type, elementOffset, count, target);
    } else {
      tensor.readFloats(elementOffset, scratch(count), 0, count);
    }
    if (!direct || !patches.isEmpty()) {
      patch(direct, elementOffset, count, patches, target);
    }
  }

  private void widen(
      WeightTensor tensor, TensorType type, long elementOffset, int count, HostMemory target) {
    long bytes = type.bytes(count);
    stored = SliceConverter.grown(stored, bytes);
    try {
      tensor.read(type.bytes(elementOffset), bytes, stored.address());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Quantization.dequantize(type, stored.address(), target.address(), count);
  }

  private void patch(
      boolean fromTarget, long offset, int count, List<TensorPatch> patches, HostMemory target) {
    var floats = target.view(0, Math.multiplyExact(count, Float.BYTES)).asFloatBuffer();
    float[] values = scratch(count);
    if (fromTarget) {
      floats.get(0, values, 0, count);
    }
    for (TensorPatch patch : patches) {
      patch.addTo(values, count, offset);
    }
    floats.put(0, values, 0, count);
  }

  /** Tells the system that a range will not be read again, so that it need not stay in memory. */
  static void forget(WeightTensor tensor, long elementOffset, long count) {
    TensorType stored = tensor.type().tensorType().orElse(null);
    long start =
        stored == null ? elementOffset * tensor.type().elementBytes() : stored.bytes(elementOffset);
    long length = stored == null ? count * tensor.type().elementBytes() : stored.bytes(count);
    tensor.advise(start, length, MappedFile.Advice.DONT_NEED);
  }

  private float[] scratch(int count) {
    if (scratch.length < count) {
      scratch = new float[count];
    }
    return scratch;
  }

  long scratchBytes() {
    return stored.bytes();
  }

  @Override
  public void close() {
    stored.close();
  }

  private static boolean isInteger(TensorType type) {
    return switch (type) {
      case I8, I16, I32, I64 -> true;
      default -> false;
    };
  }
}
