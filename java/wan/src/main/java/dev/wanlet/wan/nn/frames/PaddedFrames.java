// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import java.util.function.BiFunction;

/**
 * Frames with a border of zeros one pixel wide, [H + 2, W + 2, C] in the convolutions' type: what a
 * 3 x 3 convolution reads. Stateless.
 */
public final class PaddedFrames {
  private PaddedFrames() {}

  /** A frame with a zero border and arbitrary content. */
  public static Tensor take(FrameEngine engine, int height, int width, int channels) {
    Tensor frame =
        engine.take(engine.settings().convolutionType(), height + 2, width + 2, channels);
    // The memory has held other things.
    engine.run("border" + frame.shape(), 1, 1, b -> clearBorder(b.graph(), frame, engine.zeros()));
    return frame;
  }

  /**
   * A frame with a zero border around it.
   *
   * @param key of the pass
   */
  public static Tensor of(FrameEngine engine, String key, Frame x) {
    Tensor padded = take(engine, x.height(), x.width(), x.channels());
    engine.run(key, x.height(), 4L * x.width() * x.channels(), b -> store(b, x.rows(b), padded));
    return padded;
  }

  /**
   * A frame changed pixel by pixel, with a zero border around it.
   *
   * @param key of the pass
   * @param change makes [pixels, C] of [pixels, C], F32
   */
  public static Tensor of(
      FrameEngine engine, String key, Frame x, BiFunction<GraphBuilder, Tensor, Tensor> change) {
    Tensor padded = take(engine, x.height(), x.width(), x.channels());
    engine.run(
        key,
        x.height(),
        8L * x.width() * x.channels(),
        b -> store(b, change.apply(b.graph(), x.rows(b)), padded));
    return padded;
  }

  private static void clearBorder(GraphBuilder g, Tensor frame, Tensor zeros) {
    long rows = frame.dim(0);
    long columns = frame.dim(1);
    long channels = frame.dim(2);
    long row = columns * channels;
    long[] across = {1, 1, row};
    long[] down = {1, rows, channels};
    Tensor zeroRow = g.strided(zeros, 0, across, row, row);
    Tensor zeroColumn = g.strided(zeros, 0, down, rows * channels, channels);
    g.run(g.copy(zeroRow, g.strided(frame, 0, across, row, row)));
    g.run(g.copy(zeroRow, g.strided(frame, (rows - 1) * row, across, row, row)));
    g.run(g.copy(zeroColumn, g.strided(frame, 0, down, rows * row, row)));
    g.run(g.copy(zeroColumn, g.strided(frame, row - channels, down, rows * row, row)));
  }

  /**
   * Writes a band into a padded frame.
   *
   * @param values [rows * W, C], F32
   */
  public static void store(Band b, Tensor values, Tensor frame) {
    store(b.graph(), values, frame, b.first(), b.rows());
  }

  /** Writes some rows into a padded frame; as the other form. */
  public static void store(GraphBuilder g, Tensor values, Tensor frame, long first, long rows) {
    long channels = frame.dim(2);
    long width = frame.dim(1) - 2;
    // ggml copies whole rows fast only between equal types.
    Tensor narrow = g.contiguous(g.cast(values, frame.type()));
    long[] shape = {rows, width, channels};
    Tensor from = g.strided(narrow, 0, shape, width * channels, channels);
    long start = ((first + 1) * (width + 2) + 1) * channels;
    g.run(g.copy(from, g.strided(frame, start, shape, (width + 2) * channels, channels)));
  }
}
