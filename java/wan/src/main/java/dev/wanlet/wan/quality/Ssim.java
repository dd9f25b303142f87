// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.OptionalDouble;

/**
 * Structural similarity of luma, at most 1: ((2 ma mb + C1)(2 cov + C2)) / ((ma² + mb² + C1)(va +
 * vb + C2)), with means m, variances v and covariance under a Gaussian window of 11x11 pixels and
 * sigma 1.5, C1 = (0.01 * 255)², C2 = (0.03 * 255)². Mean over all places where the window lies
 * within the picture, then over frames. Pictures smaller than the window have no value. Confined to
 * one thread.
 *
 * <p>Source: Z. Wang et al., "Image quality assessment: from error visibility to structural
 * similarity", 2004, without the halving of large pictures in their code.
 */
final class Ssim {
  static final int WINDOW = 11;
  private static final double[] GAUSSIAN = gaussian(1.5);
  private static final double C1 = 0.01 * 255 * 0.01 * 255;
  private static final double C2 = 0.03 * 255 * 0.03 * 255;

  private double sum;
  private int frames;

  private static double[] gaussian(double sigma) {
    double[] taps = new double[WINDOW];
    double total = 0;
    for (int i = 0; i < WINDOW; i++) {
      double d = i - WINDOW / 2;
      taps[i] = Math.exp(-d * d / (2 * sigma * sigma));
      total += taps[i];
    }
    for (int i = 0; i < WINDOW; i++) {
      taps[i] /= total;
    }
    return taps;
  }

  void accept(Planes frame, Planes reference) {
    int w = frame.width();
    int h = frame.height();
    if (Math.min(w, h) < WINDOW) {
      return;
    }
    float[] a = frame.luma();
    float[] b = reference.luma();
    double[] meanA = Taps.filtered(i -> a[i], w, h, GAUSSIAN);
    double[] meanB = Taps.filtered(i -> b[i], w, h, GAUSSIAN);
    double[] squareA = Taps.filtered(i -> (double) a[i] * a[i], w, h, GAUSSIAN);
    double[] squareB = Taps.filtered(i -> (double) b[i] * b[i], w, h, GAUSSIAN);
    double[] product = Taps.filtered(i -> (double) a[i] * b[i], w, h, GAUSSIAN);
    double total = 0;
    for (int i = 0; i < product.length; i++) {
      double aa = meanA[i] * meanA[i];
      double bb = meanB[i] * meanB[i];
      double ab = meanA[i] * meanB[i];
      double alike = (2 * ab + C1) * (2 * (product[i] - ab) + C2);
      double most = (aa + bb + C1) * ((squareA[i] - aa) + (squareB[i] - bb) + C2);
      total += alike / most;
    }
    sum += total / product.length;
    frames++;
  }

  OptionalDouble value() {
    return frames == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / frames);
  }
}
