// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.frames.FrameHistory.Rows;
import java.util.List;

/**
 * A 3 x 3 convolution over padded frames, of one frame or of several joined along channels, by
 * bands of rows. Channels are the innermost dimension throughout, so that norms and products need
 * no transposition. Immutable.
 */
public final class FrameConvolution {
  /** How output pixels lie on input pixels. */
  public enum Geometry {
    SAME,
    /** Every second pixel, with padding on the right and below only. */
    HALVED,
    /** Over the input with every pixel repeated to 2 x 2. */
    DOUBLED;

    /** Rows or columns of the output for {@code side} of the input. */
    public int resized(int side) {
      return switch (this) {
        case SAME -> side;
        case HALVED -> side / 2;
        case DOUBLED -> 2 * side;
      };
    }
  }

  private static final int SIDE = 3;
  private static final int AREA = SIDE * SIDE;

  private final FrameEngine engine;
  private final Tensor kernel;
  private final Tensor bias;
  private final Geometry geometry;
  private final int frames;
  private final int in;
  private final int out;

  /**
   * Binds kernel and bias.
   *
   * @param kernel over channels, or over those of {@code frames} frames joined
   * @param bias [out]; null if there is none
   * @param frames that the kernel spans
   * @param in channels of each frame
   * @param out channels it makes
   */
  public FrameConvolution(
      FrameEngine engine,
      Tensor kernel,
      Tensor bias,
      int frames,
      int in,
      int out,
      Geometry geometry) {
    this.engine = engine;
    this.kernel = kernel;
    this.bias = bias;
    this.geometry = geometry;
    this.frames = frames;
    this.in = in;
    this.out = out;
  }

  /** The first padded input row that output row (of a pair, if doubled) {@code row} reads. */
  public static long firstInput(Geometry geometry, long row) {
    return geometry == Geometry.HALVED ? 2 * row + 1 : row;
  }

  /** Padded input rows that {@code rows} output rows (pairs, if doubled) read. */
  static long inputRows(Geometry geometry, long rows) {
    return geometry == Geometry.HALVED ? 2 * rows + 1 : rows + 2;
  }

  /** Bytes of activations for one row of {@code width} output pixels (a pair, if doubled). */
  public long bytesPerRow(int width) {
    long pixels = (long) width * (geometry == Geometry.DOUBLED ? 2 : 1);
    long products = 3L * out * TensorType.F32.blockBytes();
    if (gathers()) {
      long neighbourhood = (long) frames * AREA * in * kernel.type().blockBytes();
      return pixels * (neighbourhood + products);
    }
    return pixels * ((long) frames * in * TensorType.F32.blockBytes() + products);
  }

  private boolean gathers() {
    return engine.settings().method() == ConvMethod.GATHER;
  }

  /**
   * The band's output pixels, with the bias if there is one.
   *
   * @param inputs padded rows of each frame, earliest first; fewer than the kernel spans if the
   *     earlier ones are zero
   * @param rows output rows (pairs, if doubled)
   * @param width output columns
   * @return [output rows * width, out], F32
   */
  public Tensor forward(GraphBuilder g, List<Rows> inputs, int rows, int width) {
    Tensor sum = gathers() ? gathered(g, inputs, rows, width) : direct(g, inputs, rows);
    return bias == null ? sum : g.addInPlace(sum, bias);
  }

  // ---- neighbourhoods as rows of a matrix ----

  private Tensor gathered(GraphBuilder g, List<Rows> inputs, int rows, int width) {
    long columns = (long) inputs.size() * AREA * in;
    long pixels = (long) width * rows * (geometry == Geometry.DOUBLED ? 2 : 1);
    Tensor gathered = g.input("gathered", kernel.type(), pixels, columns);
    for (int frame = 0; frame < inputs.size(); frame++) {
      if (geometry == Geometry.DOUBLED) {
        gatherDoubled(g, inputs.get(frame), gathered, rows, width);
      } else {
        gatherRows(g, inputs.get(frame), frame, gathered, rows, width);
      }
    }
    long left = (long) (frames - inputs.size()) * AREA * in;
    Tensor part = left == 0 ? kernel : g.slice(kernel, 1, left, left + columns);
    return g.matmul(part, gathered);
  }

  /** The three neighbours in a row are adjacent in memory: one copy for each row of the kernel. */
  private void gatherRows(
      GraphBuilder g, Rows input, int frame, Tensor gathered, int rows, int width) {
    Tensor from = input.tensor();
    long step = geometry == Geometry.HALVED ? 2 : 1;
    long left = geometry == Geometry.HALVED ? 1 : 0;
    long row = from.dim(1) * in;
    long columns = gathered.dim(1);
    long[] shape = {rows, width, (long) SIDE * in};
    for (int ky = 0; ky < SIDE; ky++) {
      long start = (input.first() + ky) * row + left * in;
      long target = ((long) frame * SIDE + ky) * SIDE * in;
      g.run(
          g.copy(
              g.strided(from, start, shape, step * row, step * in),
              g.strided(gathered, target, shape, width * columns, columns)));
    }
  }

  /** Output pixels of one parity have the same neighbours: one copy for each and each tap. */
  private void gatherDoubled(GraphBuilder g, Rows input, Tensor gathered, int rows, int width) {
    Tensor from = input.tensor();
    long row = from.dim(1) * in;
    long columns = gathered.dim(1);
    long[] shape = {rows, width / 2, in};
    for (int phase = 0; phase < 4; phase++) {
      int dy = phase / 2;
      int dx = phase % 2;
      for (int tap = 0; tap < AREA; tap++) {
        int y = 1 + Math.floorDiv(dy + tap / SIDE - 1, 2);
        int x = 1 + Math.floorDiv(dx + tap % SIDE - 1, 2);
        long start = (input.first() + y) * row + (long) x * in;
        long target = ((long) dy * width + dx) * columns + (long) tap * in;
        g.run(
            g.copy(
                g.strided(from, start, shape, row, in),
                g.strided(gathered, target, shape, 2L * width * columns, 2L * columns)));
      }
    }
  }

  // ---- ggml's convolution ----

  private Tensor direct(GraphBuilder g, List<Rows> inputs, int rows) {
    long inputRows = inputRows(geometry, rows);
    long left = geometry == Geometry.HALVED ? 1 : 0;
    long inputWidth = inputs.get(0).tensor().dim(1) - left;
    long plane = inputRows * inputWidth;
    Tensor joined =
        g.input("joined", TensorType.F32, (long) inputs.size() * in, inputRows, inputWidth);
    for (int frame = 0; frame < inputs.size(); frame++) {
      Tensor from = inputs.get(frame).tensor();
      long row = from.dim(1) * in;
      long[] shape = {inputRows, inputWidth, in};
      Tensor pixels = g.strided(from, inputs.get(frame).first() * row + left * in, shape, row, in);
      long[] target = {in, inputRows, inputWidth};
      g.run(
          g.copy(
              g.permute(pixels, 2, 0, 1),
              g.strided(joined, (long) frame * in * plane, target, plane, inputWidth)));
    }
    Tensor image = joined;
    if (geometry == Geometry.DOUBLED) {
      Tensor doubled = g.upscaleNearest(joined, 2);
      Tensor inner = g.slice(g.slice(doubled, 1, 1, 2 * inputRows - 1), 2, 1, 2 * inputWidth - 1);
      image = g.contiguous(inner);
    }
    Tensor batch = g.reshape(image, 1, image.dim(0), image.dim(1), image.dim(2));
    Tensor planes = g.conv2d(kernel, batch, geometry == Geometry.HALVED ? 2 : 1, 0, 0);
    long pixels = planes.dim(2) * planes.dim(3);
    return g.contiguous(g.permute(g.reshape(planes, out, pixels), 1, 0));
  }
}
