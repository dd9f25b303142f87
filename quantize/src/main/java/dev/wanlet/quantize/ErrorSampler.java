// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures what types lose on a tensor, on evenly spread rows: of a large tensor about half a
 * million elements, of a small one all. Owner of scratch memory. Confined to one thread.
 */
final class ErrorSampler implements AutoCloseable {
  private static final long SAMPLE_ELEMENTS = 1 << 19;
  private static final int GROUPS = 32;
  private static final int ROW_STEP = 256; // slices of so many rows start at whole blocks

  private final SliceReader reader = new SliceReader();
  private HostMemory source = new HostMemory(0);
  private HostMemory stored = new HostMemory(0);
  private HostMemory restored = new HostMemory(0);
  private HostMemory weights = new HostMemory(0);

  private record Rows(long first, long count) {}

  /**
   * The error of each type, in order, of the sampled elements alone.
   *
   * @param importance one weight for each column, which the quantisers and the error count, or null
   */
  List<ErrorStatistics> measure(
      TensorPlan plan, List<TensorType> types, List<TensorPatch> patches, float[] importance) {
    long columns = plan.shape().columns();
    List<ErrorStatistics> errors = new ArrayList<>();
    types.forEach(type -> errors.add(ErrorStatistics.NONE));
    long importanceAddress = 0;
    if (importance != null) {
      weights = SliceConverter.grown(weights, 4L * columns);
      weights.view(0, Math.toIntExact(4 * columns)).asFloatBuffer().put(importance);
      importanceAddress = weights.address();
    }
    for (Rows rows : sample(plan)) {
      int count = Math.toIntExact(rows.count * columns);
      for (int i = 0; i < types.size(); i++) {
        TensorType type = types.get(i);
        // Read again for each type: weighting below changes the buffer.
        source = SliceConverter.grown(source, 4L * count);
        reader.read(plan.source(), rows.first * columns, count, patches, source);
        stored = SliceConverter.grown(stored, type.bytes(columns) * rows.count);
        long imatrix = type.isQuantized() ? importanceAddress : 0;
        Quantization.quantize(
            type, source.address(), stored.address(), rows.count, columns, imatrix);
        restored = SliceConverter.grown(restored, 4L * count);
        Quantization.dequantize(type, stored.address(), restored.address(), count);
        if (importance != null) {
          weigh(source, count, importance);
          weigh(restored, count, importance);
        }
        errors.set(
            i,
            errors
                .get(i)
                .plus(
                    ErrorStatistics.of(
                        count, Quantization.compare(source.address(), restored.address(), count))));
      }
    }
    return errors;
  }

  private static List<Rows> sample(TensorPlan plan) {
    long rows = plan.shape().rows();
    long columns = plan.shape().columns();
    if (plan.shape().elements() <= SAMPLE_ELEMENTS) {
      return List.of(new Rows(0, rows));
    }
    long step = ROW_STEP / Long.lowestOneBit(columns | ROW_STEP);
    long each = Math.max(step, SAMPLE_ELEMENTS / GROUPS / columns / step * step);
    List<Rows> sample = new ArrayList<>();
    long groups = Math.min(GROUPS, Math.max(1, rows / each));
    for (long i = 0; i < groups; i++) {
      long first = rows * i / groups / step * step;
      sample.add(new Rows(first, Math.min(each, rows - first)));
    }
    return sample;
  }

  /** Makes sums of squares count each column by its weight. */
  private static void weigh(HostMemory memory, int count, float[] importance) {
    FloatBuffer floats = memory.view(0, 4 * count).asFloatBuffer();
    for (int i = 0; i < count; i++) {
      floats.put(i, floats.get(i) * (float) Math.sqrt(importance[i % importance.length]));
    }
  }

  @Override
  public void close() {
    reader.close();
    source.close();
    stored.close();
    restored.close();
    weights.close();
  }
}
