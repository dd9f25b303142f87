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
  private final FrameConvolution convolution;
  private final FrameHistory history;
  private final String name;
  private final int width;

  CausalConv3d(VaeEngine engine, ModuleSpec spec, int height, int width) {
    this.convolution = new FrameConvolution(engine, spec, Geometry.SAME);
    this.history =
        new FrameHistory(
            engine,
            spec.name(),
            engine.settings().convolutionType(),
            Shape.of(height + 2L, width + 2L, spec.in()));
    this.name = spec.name();
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
