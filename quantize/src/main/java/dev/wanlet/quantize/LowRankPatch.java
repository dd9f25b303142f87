// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.LoraMatch;

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

  /**
   * A change that fits.
   *
   * @param shape of the tensor that is changed
   */
  LowRankPatch(LoraMatch.LowRank change, Shape shape) {
    this.upTensor = change.up();
    this.downTensor = change.down();
    this.rank = change.rank();
    this.columns = Math.toIntExact(shape.elements() / shape.dim(0));
    this.scale = (float) change.scale();
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
