// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.RgbFrame;

/**
 * Turns frames as people see them. Stateless.
 *
 * <p>Source: Exif 2.32, 4.6.4, tag Orientation.
 */
final class Upright {
  private static final int AS_IT_IS = 1;
  private static final int HALF_TURN = 3;
  private static final int CLOCKWISE = 6;
  private static final int COUNTERCLOCKWISE = 8;
  private static final int TRANSPOSED = 5; // and those above
  private static final int QUARTER = 90;

  private Upright() {}

  /** Whether width and height change places. */
  static boolean isTransposed(int orientation) {
    return orientation >= TRANSPOSED;
  }

  /**
   * Exif's number of a turn.
   *
   * @param degrees counterclockwise; the nearest quarter is taken
   */
  static int orientation(double degrees) {
    if (!Double.isFinite(degrees)) {
      return AS_IT_IS;
    }
    return switch (Math.floorMod(Math.round(degrees / QUARTER), 4)) {
      case 1 -> COUNTERCLOCKWISE;
      case 2 -> HALF_TURN;
      case 3 -> CLOCKWISE;
      default -> AS_IT_IS;
    };
  }

  /** The frame turned, and mirrored, by Exif's number, 1 (as it is) to 8. */
  static RgbFrame turned(RgbFrame stored, int orientation) {
    if (orientation == AS_IT_IS) {
      return stored;
    }
    int w = stored.width();
    int h = stored.height();
    boolean turned = isTransposed(orientation);
    int width = turned ? h : w;
    int height = turned ? w : h;
    byte[] from = stored.rgb24();
    byte[] to = new byte[from.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int sx = turned ? y : x;
        int sy = turned ? x : y;
        boolean mirrorX = orientation == 2 || orientation == 3 || orientation >= 7;
        boolean mirrorY =
            orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        int column = mirrorX ? w - 1 - sx : sx;
        int row = mirrorY ? h - 1 - sy : sy;
        System.arraycopy(from, 3 * (row * w + column), to, 3 * (y * width + x), 3);
      }
    }
    return new RgbFrame(width, height, to);
  }
}
