// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;

/**
 * A frame of the residual stream. Who receives one releases it. Immutable.
 *
 * @param tensor [H * W, C], F32
 */
public record Frame(Tensor tensor, int height, int width) {
  public static Frame take(FrameEngine engine, int height, int width, int channels) {
    return new Frame(engine.take(TensorType.F32, (long) height * width, channels), height, width);
  }

  public int channels() {
    return Math.toIntExact(tensor.dim(1));
  }

  /** The band's pixels, [rows * W, C], as a view. */
  public Tensor rows(Band b) {
    return rows(b.graph(), b.first(), b.rows());
  }

  /** Pixels of some rows, as a view. */
  public Tensor rows(GraphBuilder g, long first, long rows) {
    return g.slice(tensor, 0, first * width, (first + rows) * width);
  }

  public void release(FrameEngine engine) {
    engine.release(tensor);
  }
}
