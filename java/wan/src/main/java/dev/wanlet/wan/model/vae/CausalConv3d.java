// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.model.vae.FrameConvolution.Geometry;

/**
 * A 3 x 3 x 3 convolution that looks back in time only, on a stream of frames. Confined to one
 * thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code CausalConv3d}.
 */
final class CausalConv3d {
  private static final int FRAMES = 3;

  private final FrameConvolution convolution;
  private final FrameHistory history;
  private final String name;
  private final int width;

  CausalConv3d(VaeEngine engine, String name, int in, int out, int height, int width) {
    this.convolution = new FrameConvolution(engine, name, Geometry.SAME, FRAMES, in, out);
    this.history =
        new FrameHistory(
            engine,
            name,
            engine.settings().convolutionType(),
            Shape.of(height + 2L, width + 2L, in));
    this.name = name;
    this.width = width;
  }

  String name() {
    return name;
  }

  long bytesPerRow() {
    return convolution.bytesPerRow(width);
  }

  /**
   * The band's output pixels.
   *
   * @param current the padded frame; complete but for rows the band does not reach
   * @return [rows * W, out], F32
   */
  Tensor forward(Band b, Tensor current) {
    return convolution.forward(
        b.graph(), history.rows(b, current, b.first(), b.rows() + 2L), b.rows(), width);
  }

  /** Call once all bands of a frame are done. */
  void advance(Tensor current) {
    history.advance(current);
  }

  void reset() {
    history.reset();
  }
}
