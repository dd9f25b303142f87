// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes tables for step caches of what the passes of whole runs came to. Of several runs the mean
 * counts. Confined to one thread.
 */
public final class CacheMeasurement {
  private static final int DEGREE = 4; // of the polynomials that were published
  private static final double[] MOST_USUAL = {0.12, 0.2, 4}; // of MagCache for the 1.3B model
  private static final double TEA_THRESHOLD = 0.1;
  private static final int TEA_FIRST = 5;

  private final List<Map<Integer, List<Double>>> ratios = List.of(new TreeMap<>(), new TreeMap<>());
  private final List<double[]> changes = new ArrayList<>(); // of signal and prediction
  private float[] signal;
  private float[] velocity;

  /**
   * Takes note of a pass.
   *
   * @param branch of guidance: 0 with the prompt, 1 without
   * @param ratio how much longer the change by the blocks was than at the pass before; NaN for none
   * @param timeSignal the timestep's embedding that modulates the blocks
   * @param made the prediction
   */
  public void add(int step, int branch, double ratio, float[] timeSignal, float[] made) {
    ratios.get(branch).computeIfAbsent(step, s -> new ArrayList<>()).add(ratio);
    if (branch == 0) {
      if (step > 0 && signal != null) {
        changes.add(
            new double[] {
              TeaCache.change(timeSignal, signal),
              StepCache.meanDistance(made, velocity) / StepCache.meanSize(velocity)
            });
      }
      signal = timeSignal.clone();
      velocity = made.clone();
    }
  }

  /**
   * The table of MagCache.
   *
   * @param starts steps at which another network begins; a ratio over that border says nothing
   */
  public CacheNumbers mag(List<Integer> starts) {
    List<Double> prompt = means(0, starts);
    List<Double> without = ratios.get(1).isEmpty() ? prompt : means(1, starts);
    while (without.size() < prompt.size()) { // guidance ended before
      without.add(prompt.get(without.size()));
    }
    return new CacheNumbers(
        CacheKind.MAG,
        MOST_USUAL[0],
        MOST_USUAL[1],
        0,
        0,
        (int) MOST_USUAL[2],
        false,
        prompt,
        without,
        List.of());
  }

  private List<Double> means(int branch, List<Integer> starts) {
    List<Double> means = new ArrayList<>();
    int steps = ratios.get(0).keySet().stream().mapToInt(s -> s + 1).max().orElse(0);
    for (int step = 0; step < steps; step++) {
      List<Double> all = ratios.get(branch).getOrDefault(step, List.of());
      double mean =
          all.stream().filter(r -> !Double.isNaN(r)).mapToDouble(r -> r).average().orElse(1);
      means.add(starts.contains(step) ? 1.0 : Math.rint(mean * 1e5) / 1e5);
    }
    return means;
  }

  /**
   * The table of TeaCache: the polynomial that comes nearest to how predictions changed.
   *
   * @throws IllegalStateException if fewer steps were seen than the polynomial has coefficients
   */
  public CacheNumbers tea() {
    return new CacheNumbers(
        CacheKind.TEA,
        TEA_THRESHOLD,
        0,
        TEA_FIRST,
        0,
        0,
        false,
        List.of(),
        List.of(),
        fit(changes, DEGREE));
  }

  /**
   * Least squares: the polynomial nearest to points, highest power first.
   *
   * @param points x and y
   */
  static List<Double> fit(List<double[]> points, int degree) {
    int n = degree + 1;
    if (points.size() < n) {
      throw new IllegalStateException(
          points.size() + " steps to compare; a table takes " + n + " at least");
    }
    double scale = points.stream().mapToDouble(p -> Math.abs(p[0])).max().orElseThrow();
    double[][] a = new double[points.size()][n];
    double[] y = new double[points.size()];
    for (int r = 0; r < a.length; r++) {
      for (int c = 0; c < n; c++) {
        a[r][c] = Math.pow(points.get(r)[0] / scale, degree - c);
      }
      y[r] = points.get(r)[1];
    }
    double[] x = Householder.solve(a, y);
    List<Double> coefficients = new ArrayList<>();
    for (int c = 0; c < n; c++) {
      coefficients.add(x[c] / Math.pow(scale, degree - c));
    }
    return coefficients;
  }
}
