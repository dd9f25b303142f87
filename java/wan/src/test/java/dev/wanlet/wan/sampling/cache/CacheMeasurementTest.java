// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tables made of what passes came to. */
class CacheMeasurementTest {
  private static final float[] ONE = {1};

  @Test
  void ratiosAreMeansOverRuns() {
    CacheMeasurement measured = new CacheMeasurement();
    for (double run : new double[] {0.98, 1.0}) {
      measured.add(0, 0, Double.NaN, ONE, ONE);
      measured.add(1, 0, run, ONE, ONE);
      measured.add(1, 1, run + 0.1, ONE, ONE);
      measured.add(2, 0, 3, ONE, ONE);
      measured.add(3, 0, run / 3, ONE, ONE);
    }
    CacheNumbers numbers = measured.mag(List.of(0, 2));
    assertThat(numbers.prompt()).containsExactly(1.0, 0.99, 1.0, 0.33);
    assertThat(numbers.without()).containsExactly(1.0, 1.09, 1.0, 1.0);
  }

  @Test
  void thePolynomialOfAFitIsFoundAgain() {
    double[] wanted = {-52000, 9200, -530, 13.7, -0.05};
    List<double[]> points = new ArrayList<>();
    for (int i = 1; i <= 40; i++) {
      double x = 0.0025 * i;
      double y = 0;
      for (double c : wanted) {
        y = y * x + c;
      }
      points.add(new double[] {x, y});
    }
    List<Double> found = CacheMeasurement.fit(points, 4);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found.get(i)).isCloseTo(wanted[i], within(1e-6 * Math.abs(wanted[i])));
    }
  }

  @Test
  void fewStepsMakeNoPolynomial() {
    CacheMeasurement measured = new CacheMeasurement();
    for (int step = 0; step < 4; step++) {
      measured.add(step, 0, 1, new float[] {1 + step}, new float[] {2 + step});
    }
    assertThatThrownBy(measured::tea)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("3 steps to compare; a table takes 5 at least");
  }

  @Test
  void changesAreSharesOfWhatWasThere() {
    CacheMeasurement measured = new CacheMeasurement();
    for (int step = 0; step < 12; step++) {
      float[] doubling = {(float) Math.pow(1 + 0.01 * step, step)};
      measured.add(step, 0, 1, doubling, doubling);
    }
    // What changes as the signal does is the straight line through 0.
    List<Double> line = measured.tea().coefficients();
    assertThat(line.get(3)).isCloseTo(1, within(1e-6));
    assertThat(line.get(4)).isCloseTo(0, within(1e-8));
  }
}
