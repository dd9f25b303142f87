// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.OptionalDouble;

/**
 * How much changes from frame to frame, in levels: the mean absolute difference of the luma of
 * neighbouring frames, after a 5x5 binomial blur (1 4 6 4 1, over 16, both ways) that keeps noise
 * from counting as motion; mean over pixels, then over pairs of frames. The motion feature of VMAF
 * is built so; the values are not its values. Pictures smaller than the blur have none. Confined to
 * one thread.
 */
final class FrameMotion {
  private static final double[] BLUR = {1 / 16.0, 4 / 16.0, 6 / 16.0, 4 / 16.0, 1 / 16.0};

  private double[] before;
  private double sum;
  private int pairs;

  void accept(Planes frame) {
    if (Math.min(frame.width(), frame.height()) < BLUR.length) {
      return;
    }
    float[] luma = frame.luma();
    double[] now = Taps.filtered(i -> luma[i], frame.width(), frame.height(), BLUR);
    if (before != null) {
      double total = 0;
      for (int i = 0; i < now.length; i++) {
        total += Math.abs(now[i] - before[i]);
      }
      sum += total / now.length;
      pairs++;
    }
    before = now;
  }

  OptionalDouble value() {
    return pairs == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / pairs);
  }
}
