// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Queries, keys and values that look like a real network's: scores with clear maxima, and a large
 * mean in every channel of keys and values, which is what F16 accumulation loses most by.
 * Immutable.
 *
 * @param queries [rows, heads, 128]
 * @param keys [heads, length, 128]
 * @param values [heads, length, 128]
 */
record AttentionInput(
    int rows, int heads, int length, float[] queries, float[] keys, float[] values) {
  private static final int DIM = BlockOps.HEAD_DIM;
  private static final double SHARPNESS = 3;
  private static final double LARGE_MEAN = 4;

  static AttentionInput draw(int rows, int heads, int length) {
    return new AttentionInput(
        rows,
        heads,
        length,
        normal(rows * heads, 1, SHARPNESS, 0),
        normal(heads * length, 2, 1, LARGE_MEAN),
        normal(heads * length, 3, 1, LARGE_MEAN));
  }

  /** Rows of 128 normal values, with a mean of its own for each channel. */
  private static float[] normal(int rows, long seed, double deviation, double means) {
    SplittableRandom channels = new SplittableRandom(seed);
    double[] mean = new double[DIM];
    for (int c = 0; c < DIM; c++) {
      mean[c] = means * channels.nextGaussian();
    }
    float[] values = new float[rows * DIM];
    IntStream.range(0, rows)
        .parallel()
        .forEach(
            row -> {
              SplittableRandom random = new SplittableRandom(seed * 1_000_003 + row);
              for (int c = 0; c < DIM; c++) {
                values[row * DIM + c] = (float) (mean[c] + deviation * random.nextGaussian());
              }
            });
    return values;
  }

  /** Means over the rows of each head, [heads, 128]. */
  float[] means(float[] rowsOfHeads) {
    float[] means = new float[heads * DIM];
    for (int h = 0; h < heads; h++) {
      double[] sums = new double[DIM];
      for (int i = 0; i < length * DIM; i++) {
        sums[i % DIM] += rowsOfHeads[h * length * DIM + i];
      }
      for (int c = 0; c < DIM; c++) {
        means[h * DIM + c] = (float) (sums[c] / length);
      }
    }
    return means;
  }

  /** Rows of heads with each head's means subtracted. */
  float[] without(float[] rowsOfHeads, float[] means) {
    float[] centred = new float[rowsOfHeads.length];
    for (int i = 0; i < centred.length; i++) {
      centred[i] = rowsOfHeads[i] - means[i / (length * DIM) * DIM + i % DIM];
    }
    return centred;
  }

  /** Attention in double precision, [rows, heads, 128]. */
  float[] expected() {
    float[] result = new float[rows * heads * DIM];
    IntStream.range(0, rows * heads)
        .parallel()
        .forEach(i -> attend(i * DIM, (i % heads) * length * DIM, result));
    return result;
  }

  private void attend(int query, int head, float[] result) {
    double[] scores = new double[length];
    double largest = Double.NEGATIVE_INFINITY;
    for (int t = 0; t < length; t++) {
      double score = 0;
      for (int c = 0; c < DIM; c++) {
        score += (double) queries[query + c] * keys[head + t * DIM + c];
      }
      scores[t] = score / Math.sqrt(DIM);
      largest = Math.max(largest, scores[t]);
    }
    double total = 0;
    double[] sums = new double[DIM];
    for (int t = 0; t < length; t++) {
      double weight = Math.exp(scores[t] - largest);
      total += weight;
      for (int c = 0; c < DIM; c++) {
        sums[c] += weight * values[head + t * DIM + c];
      }
    }
    for (int c = 0; c < DIM; c++) {
      result[query + c] = (float) (sums[c] / total);
    }
  }

  /** Uploads F32 values to a tensor of F32 or F16. */
  static void upload(Tensor tensor, float[] values) {
    if (tensor.type() == TensorType.F32) {
      tensor.set(values);
      return;
    }
    try (HostMemory floats = new HostMemory(4L * values.length);
        HostMemory stored = new HostMemory(tensor.bytes())) {
      floats.view(0, 4 * values.length).asFloatBuffer().put(values);
      Quantization.quantize(tensor.type(), floats.address(), stored.address(), 1, values.length, 0);
      tensor.setFrom(stored.address(), 0, tensor.bytes());
    }
  }
}
