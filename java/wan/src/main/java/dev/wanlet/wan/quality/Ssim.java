// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

/**
 * Structural similarity of luma, at most 1: a Gaussian window of 11 by 11 pixels and sigma 1.5, the
 * picture mirrored at its edges, the mean over pixels and frames. Confined to one thread.
 *
 * <p>Source: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment" (2004), K1 = 0.01, K2 =
 * 0.03, without their reduction of large pictures.
 */
final class Ssim {
  private static final int TAPS = 11;
  private static final double SIGMA = 1.5;
  private static final double C1 = 0.01 * 255 * 0.01 * 255;
  private static final double C2 = 0.03 * 255 * 0.03 * 255;

  private final float[] window = new float[TAPS];
  private double sum;
  private int frames;

  Ssim() {
    double total = 0;
    for (int i = 0; i < TAPS; i++) {
      total += weight(i);
    }
    for (int i = 0; i < TAPS; i++) {
      window[i] = (float) (weight(i) / total);
    }
  }

  private static double weight(int tap) {
    double d = tap - TAPS / 2;
    return Math.exp(-d * d / (2 * SIGMA * SIGMA));
  }

  void accept(LumaPlane a, LumaPlane b) {
    float[] meanA = a.filtered(window).values();
    float[] meanB = b.filtered(window).values();
    float[] aa = product(a, a);
    float[] bb = product(b, b);
    float[] ab = product(a, b);
    double total = 0;
    for (int i = 0; i < meanA.length; i++) {
      double ma = meanA[i];
      double mb = meanB[i];
      double similar = (2 * ma * mb + C1) * (2 * (ab[i] - ma * mb) + C2);
      double most = (ma * ma + mb * mb + C1) * ((aa[i] - ma * ma) + (bb[i] - mb * mb) + C2);
      total += similar / most;
    }
    sum += total / meanA.length;
    frames++;
  }

  private float[] product(LumaPlane a, LumaPlane b) {
    float[] values = new float[a.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = a.values()[i] * b.values()[i];
    }
    return new LumaPlane(a.width(), a.height(), values).filtered(window).values();
  }

  double value() {
    return sum / frames;
  }
}
