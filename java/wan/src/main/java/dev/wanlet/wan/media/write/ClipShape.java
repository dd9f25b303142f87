// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.RgbFrame;

/**
 * Size and speed of a clip. Immutable.
 *
 * @param width pixels in a row
 * @param height rows
 * @param fps frames a second
 */
record ClipShape(int width, int height, double fps) {
  /** Encoders and players stop working well beyond this; Wan's largest is 1280. */
  private static final int MAX_SIDE = 8192;

  /** What every container and a GIF's counter of hundredths (65535) have a time for. */
  static final double MIN_FPS = 0.01;

  private static final double MAX_FPS = 1000;

  ClipShape {
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
      throw new OutputException(
          "cannot write a clip of "
              + width
              + "x"
              + height
              + "; expected 1 to "
              + MAX_SIDE
              + " pixels a side");
    }
    if (!(fps >= MIN_FPS && fps <= MAX_FPS)) {
      throw new OutputException(
          "cannot write a clip at "
              + fps
              + " frames a second; expected "
              + MIN_FPS
              + " to "
              + MAX_FPS);
    }
  }

  /** Throws {@link IllegalArgumentException} unless the frame is of this clip's size. */
  void requireSize(RgbFrame frame) {
    if (frame.width() != width || frame.height() != height) {
      throw new IllegalArgumentException(
          String.format(
              "a frame of %dx%d for a clip of %dx%d",
              frame.width(), frame.height(), width, height));
    }
  }
}
