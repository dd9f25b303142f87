// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

/**
 * Full search over the luma of reduced frames: blocks of 8x8 cells, displaced by up to 4 cells
 * either way. Stateless.
 */
final class BlockSearch {
  static final int BLOCK = 8;
  static final int REACH = 4;

  /**
   * Each cell of a displacement must better the match by so many levels: noise does not move, and
   * an edge moves across itself, not along.
   */
  private static final double LEVELS_PER_CELL = 0.5;

  private BlockSearch() {}

  static int columns(Planes f) {
    return f.width() / BLOCK;
  }

  static int blocks(Planes f) {
    return columns(f) * (f.height() / BLOCK);
  }

  /** Length of the displacement in cells under which {@code now} is most like {@code before}. */
  static double displacement(Planes before, Planes now, int block) {
    double best = residual(before, before, now, block, 0, 0, 0, 0, Double.POSITIVE_INFINITY);
    double length = 0;
    for (int dy = -REACH; dy <= REACH; dy++) {
      for (int dx = -REACH; dx <= REACH; dx++) {
        double cells = Math.hypot(dx, dy);
        double cost = LEVELS_PER_CELL * cells;
        double d = cost + residual(before, before, now, block, dx, dy, dx, dy, best - cost);
        if (d < best) {
          best = d;
          length = cells;
        }
      }
    }
    return length;
  }

  /**
   * Mean absolute difference of {@code now} from the mean of its neighbours in time, under the
   * displacement through all three that fits best, in levels.
   */
  static double midResidual(Planes before, Planes now, Planes after, int block) {
    double best = Double.POSITIVE_INFINITY;
    for (int dy = -REACH; dy <= REACH; dy++) {
      for (int dx = -REACH; dx <= REACH; dx++) {
        best = Math.min(best, residual(before, after, now, block, dx, dy, -dx, -dy, best));
      }
    }
    return best;
  }

  /** Infinity as soon as it is more than {@code most}: most displacements are off by a row. */
  private static double residual(
      Planes a, Planes b, Planes now, int block, int ax, int ay, int bx, int by, double most) {
    int x0 = block % columns(now) * BLOCK;
    int y0 = block / columns(now) * BLOCK;
    double sum = 0;
    for (int y = y0; y < y0 + BLOCK; y++) {
      for (int x = x0; x < x0 + BLOCK; x++) {
        double predicted = (at(a, x + ax, y + ay) + at(b, x + bx, y + by)) / 2;
        sum += Math.abs(now.luma()[y * now.width() + x] - predicted);
      }
      if (sum > most * (BLOCK * BLOCK)) {
        return Double.POSITIVE_INFINITY;
      }
    }
    return sum / (BLOCK * BLOCK);
  }

  /** The nearest cell of the frame. */
  private static double at(Planes f, int x, int y) {
    int cx = Math.max(0, Math.min(f.width() - 1, x));
    int cy = Math.max(0, Math.min(f.height() - 1, y));
    return f.luma()[cy * f.width() + cx];
  }
}
