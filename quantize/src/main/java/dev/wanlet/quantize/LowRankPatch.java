// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.nio.file.Path;

/**
 * Adds scale * up * down, with up [out, rank] and down [rank, in]; convolution kernels count as
 * matrices of their first dimension. The two are loaded at the first slice and dropped after the
 * last. Thread-safe.
 */
final class LowRankPatch implements TensorPatch {
  private record Factors(float[] up, float[] down) {}

  private final WeightTensor upTensor;
  private final WeightTensor downTensor;
  private final int rank;
  private final int columns;
  private final float scale;
  private Factors loaded;

  private LowRankPatch(
      WeightTensor upTensor, WeightTensor downTensor, int rank, int columns, float scale) {
    this.upTensor = upTensor;
    this.downTensor = downTensor;
    this.rank = rank;
    this.columns = columns;
    this.scale = scale;
  }

  static LowRankPatch of(
      Path file, WeightTensor weight, WeightTensor down, WeightTensor up, double scale)
      throws WeightFormatException {
    long out = weight.shape().rank() == 0 ? 1 : weight.shape().dim(0);
    long in = weight.elements() / Math.max(1, out);
    long rank = down.shape().rank() == 0 ? 0 : down.shape().dim(0);
    boolean fits =
        rank > 0
            && down.elements() == rank * in
            && up.elements() == out * rank
            && up.shape().dim(0) == out
            && down.elements() <= Integer.MAX_VALUE / 2
            && up.elements() <= Integer.MAX_VALUE / 2;
    if (!fits) {
      throw new WeightFormatException(
          file,
          String.format(
              "'%s' and '%s' do not fit the model's '%s'; the adapter is for another size of the"
                  + " model",
              up, down, weight));
    }
    return new LowRankPatch(up, down, (int) rank, Math.toIntExact(in), (float) scale);
  }

  @Override
  public void addTo(float[] values, int count, long elementOffset) {
    Factors f = factors();
    int done = 0;
    while (done < count) {
      int row = (int) ((elementOffset + done) / columns);
      int first = (int) ((elementOffset + done) % columns);
      int n = Math.min(columns - first, count - done);
      for (int r = 0; r < rank; r++) {
        float factor = scale * f.up[row * rank + r];
        int from = r * columns + first;
        for (int i = 0; i < n; i++) {
          values[done + i] += factor * f.down[from + i];
        }
      }
      done += n;
    }
  }

  private synchronized Factors factors() {
    if (loaded == null) {
      loaded = new Factors(upTensor.toFloats(), downTensor.toFloats());
    }
    return loaded;
  }

  @Override
  public synchronized void release() {
    loaded = null;
  }
}
