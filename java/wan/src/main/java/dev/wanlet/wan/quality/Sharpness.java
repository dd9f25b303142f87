// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.OptionalDouble;

/**
 * How much of a frame's detail a blur would take away, mean over frames.
 *
 * <p>With F the luma, B its mean over 9 neighbours in a row (or column), D the absolute difference
 * of neighbours: sharpness = sum of D(F) max(0, D(F) - D(B)) / sum of D(F)^2, the smaller of both
 * directions. 0 without any detail. Each difference is weighted by itself: otherwise the ripple of
 * one level that a codec leaves on flat areas would outweigh the edges.
 *
 * <p>Source: F. Crete et al., "The blur effect: perception and estimation with a new no-reference
 * perceptual blur metric", 2007; theirs is 1 minus this, without the weights.
 */
final class Sharpness implements ClipMeasure {
  private static final int REACH = 4;

  private double sum;
  private int frames;

  @Override
  public MeasureInfo info() {
    return new MeasureInfo(
        "sharpness",
        "share",
        Better.HIGHER,
        1,
        "share of the squared neighbour differences that a 9-pixel blur removes (after Crete's blur"
            + " effect)");
  }

  @Override
  public void accept(Planes f) {
    double rows = lines(f.luma(), f.height(), f.width(), f.width(), 1);
    double columns = lines(f.luma(), f.width(), f.height(), 1, f.width());
    sum += Math.min(rows, columns);
    frames++;
  }

  private static double lines(float[] luma, int count, int length, int toNext, int step) {
    double all = 0;
    double lost = 0;
    double[] blurred = new double[length];
    for (int line = 0; line < count; line++) {
      int start = line * toNext;
      for (int i = 0; i < length; i++) {
        double mean = 0;
        for (int k = -REACH; k <= REACH; k++) {
          int at = Math.max(0, Math.min(length - 1, i + k));
          mean += luma[start + at * step];
        }
        blurred[i] = mean / (2 * REACH + 1);
      }
      for (int i = 1; i < length; i++) {
        double d = Math.abs(luma[start + i * step] - luma[start + (i - 1) * step]);
        all += d * d;
        lost += d * Math.max(0, d - Math.abs(blurred[i] - blurred[i - 1]));
      }
    }
    return all == 0 ? 0 : lost / all;
  }

  @Override
  public OptionalDouble value() {
    return frames < 1 ? OptionalDouble.empty() : OptionalDouble.of(sum / frames);
  }
}
