// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

/**
 * Mean absolute difference of luma from the frame before after a blur, in levels of 255; the first
 * frame counts 0. Confined to one thread.
 *
 * <p>Source: libvmaf {@code feature/integer_motion.c}, {@code motion}; here in floating point, from
 * luma of RGB.
 */
final class VmafMotion {
  /** The blur, of 65536. */
  private static final float[] BLUR = {
    3571 / 65536f, 16004 / 65536f, 26386 / 65536f, 16004 / 65536f, 3571 / 65536f
  };

  private LumaPlane previous;
  private double sum;
  private int frames;

  void accept(LumaPlane luma) {
    LumaPlane now = luma.filtered(BLUR);
    sum += previous == null ? 0 : now.distance(previous);
    previous = now;
    frames++;
  }

  double value() {
    return sum / frames;
  }
}
