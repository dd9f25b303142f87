// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * How well a part of the picture keeps its colour: 1 - the distance of its mean colour from that in
 * the first frame, as a share of that from black to white; mean over the frames after it.
 *
 * <p>The background is what lies within an eighth of the shorter side of the frame's border, taken
 * by the median of each channel, so that what passes the border does not count. The subject is the
 * twentieth of the cells whose colour is farthest from that. No networks look at it: a face that
 * becomes another one of the same colours goes unseen.
 */
final class ColourConsistency implements ClipMeasure {
  private static final double SUBJECT_SHARE = 0.05;
  private static final int BORDER = 8;
  private static final double BLACK_TO_WHITE = 255 * Math.sqrt(3);

  private final boolean subject;
  private double[] first;
  private double sum;
  private int frames;

  private ColourConsistency(boolean subject) {
    this.subject = subject;
  }

  static ColourConsistency ofSubject() {
    return new ColourConsistency(true);
  }

  static ColourConsistency ofBackground() {
    return new ColourConsistency(false);
  }

  @Override
  public MeasureInfo info() {
    return subject
        ? new MeasureInfo(
            "subject_consistency",
            "share",
            Better.HIGHER,
            2,
            "how near the mean colour of the twentieth of the picture least like its border stays to"
                + " the first frame's")
        : new MeasureInfo(
            "background_consistency",
            "share",
            Better.HIGHER,
            2,
            "how near the median colour of the border stays to the first frame's");
  }

  @Override
  public void accept(Planes f) {
    Planes cells = f.reduced();
    double[] border = border(cells);
    double[] colour = subject ? farthest(cells, border) : border;
    if (first == null) {
      first = colour;
      return;
    }
    sum += 1 - Math.sqrt(squaredDistance(first, colour)) / BLACK_TO_WHITE;
    frames++;
  }

  private static double[] border(Planes f) {
    int wide = Math.max(1, Math.min(f.width(), f.height()) / BORDER);
    int[] cells =
        IntStream.range(0, f.width() * f.height())
            .filter(
                i -> {
                  int x = i % f.width();
                  int y = i / f.width();
                  return Math.min(x, f.width() - 1 - x) < wide
                      || Math.min(y, f.height() - 1 - y) < wide;
                })
            .toArray();
    double[] median = new double[3];
    for (int c = 0; c < 3; c++) {
      float[] channel = f.channel(c);
      double[] sorted = Arrays.stream(cells).mapToDouble(i -> channel[i]).sorted().toArray();
      median[c] = sorted[sorted.length / 2];
    }
    return median;
  }

  private static double[] farthest(Planes f, double[] from) {
    int count = f.width() * f.height();
    double[] distance = new double[count];
    for (int i = 0; i < count; i++) {
      distance[i] = squaredDistance(from, colour(f, i));
    }
    double[] mean = new double[3];
    long chosen = Math.max(1, Math.round(SUBJECT_SHARE * count));
    IntStream.range(0, count)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -distance[i]))
        .limit(chosen)
        .forEach(
            i -> {
              for (int c = 0; c < 3; c++) {
                mean[c] += f.channel(c)[i] / chosen;
              }
            });
    return mean;
  }

  private static double[] colour(Planes f, int i) {
    return new double[] {f.channel(0)[i], f.channel(1)[i], f.channel(2)[i]};
  }

  private static double squaredDistance(double[] a, double[] b) {
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      sum += (a[c] - b[c]) * (a[c] - b[c]);
    }
    return sum;
  }

  @Override
  public OptionalDouble value() {
    return frames < 1 ? OptionalDouble.empty() : OptionalDouble.of(sum / frames);
  }
}
