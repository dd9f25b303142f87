// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import java.util.List;
import java.util.Locale;

/**
 * What one clip of a row took and shows. Immutable.
 *
 * @param row the row's flags
 * @param prompt number of the prompt, which is also the seed
 * @param evaluations passes through the transformer's blocks
 * @param seconds processor time of sampling, of the thread that samples
 * @param colour whether the clip shows what was asked for, as are shape, motion and background
 * @param error distance of its latents from those of 50 steps, as a share of the latter's length
 */
record ClipResult(
    String row,
    int prompt,
    int evaluations,
    double seconds,
    boolean colour,
    boolean shape,
    boolean motion,
    boolean background,
    double error) {
  /** Names of what is looked at. */
  static final List<String> ATTRIBUTES = List.of("colour", "shape", "motion", "background");

  /** Whether each of {@link #ATTRIBUTES} is right. */
  List<Boolean> right() {
    return List.of(colour, shape, motion, background);
  }

  /** A line of the log, whose fields tabs part. */
  String line() {
    return String.format(
        Locale.ROOT,
        "%s\t%d\t%d\t%.4f\t%b\t%b\t%b\t%b\t%.6f",
        row,
        prompt,
        evaluations,
        seconds,
        colour,
        shape,
        motion,
        background,
        error);
  }

  static ClipResult parse(String line) {
    String[] f = line.split("\t", -1);
    return new ClipResult(
        f[0],
        Integer.parseInt(f[1]),
        Integer.parseInt(f[2]),
        Double.parseDouble(f[3]),
        Boolean.parseBoolean(f[4]),
        Boolean.parseBoolean(f[5]),
        Boolean.parseBoolean(f[6]),
        Boolean.parseBoolean(f[7]),
        Double.parseDouble(f[8]));
  }
}
