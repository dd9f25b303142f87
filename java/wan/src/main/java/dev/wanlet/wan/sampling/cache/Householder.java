// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

/** Least squares by reflections, which lose no digits to squaring. Stateless. */
final class Householder {
  private Householder() {}

  /**
   * The x that brings a x nearest to y.
   *
   * @param a at least as many rows as columns; overwritten
   * @param y one value a row; overwritten
   */
  static double[] solve(double[][] a, double[] y) {
    int columns = a[0].length;
    for (int c = 0; c < columns; c++) {
      reflect(a, y, c);
    }
    double[] x = new double[columns];
    for (int c = columns - 1; c >= 0; c--) {
      double rest = y[c];
      for (int k = c + 1; k < columns; k++) {
        rest -= a[c][k] * x[k];
      }
      x[c] = a[c][c] == 0 ? 0 : rest / a[c][c];
    }
    return x;
  }

  /** Makes what lies below the diagonal of a column zero. */
  private static void reflect(double[][] a, double[] y, int c) {
    double square = 0;
    for (int r = c; r < a.length; r++) {
      square += a[r][c] * a[r][c];
    }
    double length = a[c][c] > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    double[] v = new double[a.length];
    double vv = 0;
    for (int r = c; r < a.length; r++) {
      v[r] = a[r][c] - (r == c ? length : 0);
      vv += v[r] * v[r];
    }
    for (int k = c; vv > 0 && k <= a[0].length; k++) {
      double dot = 0;
      for (int r = c; r < a.length; r++) {
        dot += v[r] * (k < a[0].length ? a[r][k] : y[r]);
      }
      for (int r = c; r < a.length; r++) {
        double less = 2 * dot / vv * v[r];
        if (k < a[0].length) {
          a[r][k] -= less;
        } else {
          y[r] -= less;
        }
      }
    }
  }
}
