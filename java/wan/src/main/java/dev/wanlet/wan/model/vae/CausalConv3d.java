// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.nn.frames.Band;
import dev.wanlet.wan.nn.frames.FrameConvolution;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.FrameHistory;

/**
 * A 3 x 3 x 3 convolution that looks back in time only, on a stream of frames. Confined to one
 * thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code CausalConv3d}.
 */
final class CausalConv3d {
  /** Frames before the one at hand that a kernel spans. */
  static final int PAST_FRAMES = 2;

  private final FrameConvolution convolution;
  private final FrameHistory history;
  private final String name;
  private final int width;

  CausalConv3d(FrameEngine engine, ModuleSpec spec, int height, int width) {
    this.convolution = spec.convolution(engine, Geometry.SAME);
    this.history =
        new FrameHistory(
            engine,
            spec.name(),
            PAST_FRAMES,
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
