// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/**
 * Rotary position embedding over a grid of frames, rows and columns: each axis turns its own part
 * of a head's channels, in adjacent pairs. Tokens are ordered frame-major, then row, then column.
 * Stateless, thread-safe.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, {@code rope_params} and {@code rope_apply}.
 */
public final class RotaryEmbedding3d {
  /** The base of the frequencies, the same within each axis. */
  public static final float THETA = 10000f;

  /** Frames, rows, columns. */
  public static final int AXES = 3;

  private RotaryEmbedding3d() {}

  /**
   * Channels of a head that each axis turns: frames, rows, columns; 44, 42 and 42 of 128.
   *
   * @param headDim channels of a head; even, at least 6
   */
  public static int[] split(int headDim) {
    if (headDim < 6 || headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "rotary embedding: head dimension " + headDim + " must be even and at least 6");
    }
    int spatial = 2 * (headDim / 6);
    return new int[] {headDim - 2 * spatial, spatial, spatial};
  }

  /** The frame, row and column of every token: three arrays of frames * rows * columns. */
  public static int[][] positions(int frames, int rows, int columns) {
    if (frames < 1 || rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          String.format("rotary embedding: empty grid %d x %d x %d", frames, rows, columns));
    }
    int tokens = Math.multiplyExact(Math.multiplyExact(frames, rows), columns);
    int[][] positions = new int[AXES][tokens];
    for (int l = 0; l < tokens; l++) {
      positions[0][l] = l / (rows * columns);
      positions[1][l] = l / columns % rows;
      positions[2][l] = l % columns;
    }
    return positions;
  }

  /** Cosines and sines of the angles, each [L, headDim / 2], one column per channel pair. */
  public record Table(float[] cos, float[] sin) {}

  /**
   * The angle table of tokens, computed in double precision.
   *
   * @param positions frame, row and column of each token, as {@link #positions} gives them
   */
  public static Table table(int[][] positions, int headDim) {
    int[] parts = split(headDim);
    int pairs = headDim / 2;
    int tokens = positions[0].length;
    float[] cos = new float[Math.multiplyExact(tokens, pairs)];
    float[] sin = new float[cos.length];
    int first = 0;
    for (int axis = 0; axis < AXES; axis++) {
      for (int i = 0; i < parts[axis] / 2; i++) {
        double frequency = 1 / Math.pow(THETA, 2.0 * i / parts[axis]);
        for (int l = 0; l < tokens; l++) {
          double angle = positions[axis][l] * frequency;
          cos[l * pairs + first + i] = (float) Math.cos(angle);
          sin[l * pairs + first + i] = (float) Math.sin(angle);
        }
      }
      first += parts[axis] / 2;
    }
    return new Table(cos, sin);
  }

  /**
   * Turns queries or keys, in place.
   *
   * @param x [L, H, D], F32, with contiguous rows; overwritten
   * @param frames position of each token along the first axis, [L], I32
   * @param rows along the second axis
   * @param columns along the third axis
   * @return a view of {@code x}, [L, H, D]
   */
  public static Tensor apply(GraphBuilder g, Tensor x, Tensor frames, Tensor rows, Tensor columns) {
    int[] parts = split(Math.toIntExact(x.dim(-1)));
    Tensor turned = g.rope(x, frames, 0, parts[0], THETA, true);
    turned = g.rope(turned, rows, parts[0], parts[1], THETA, true);
    return g.rope(turned, columns, parts[0] + parts[1], parts[2], THETA, true);
  }
}
