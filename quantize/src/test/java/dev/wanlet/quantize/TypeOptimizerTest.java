// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.quantize.TypeOptimizer.Option;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TypeOptimizerTest {
  /** Against all combinations of small random knapsacks. */
  @Test
  void chosenMixIsBestOrWithinOneUpgradeOfIt() {
    Random random = new Random(5);
    for (int round = 0; round < 300; round++) {
      List<List<Option>> matrices = new ArrayList<>();
      for (int m = 0; m < 5; m++) {
        List<Option> options = new ArrayList<>();
        for (int o = 0; o < 4; o++) {
          options.add(new Option(TensorType.Q4_0, 1 + random.nextInt(50), random.nextDouble()));
        }
        matrices.add(options);
      }
      long budget = 5 + random.nextInt(200);
      double best = bestError(matrices, 0, budget);
      if (best == Double.POSITIVE_INFINITY) {
        assertThatThrownBy(() -> TypeOptimizer.withinBytes(matrices, budget))
            .isInstanceOf(IllegalArgumentException.class);
        continue;
      }
      List<Option> chosen = TypeOptimizer.withinBytes(matrices, budget);
      double error = chosen.stream().mapToDouble(Option::error).sum();
      assertThat(chosen.stream().mapToLong(Option::bytes).sum()).isLessThanOrEqualTo(budget);
      // One matrix's upgrade changes the error by less than 1.
      assertThat(error).isBetween(best - 1e-9, best + 1);
      List<Option> atError = TypeOptimizer.withinError(matrices, error / 5 + 1e-9);
      assertThat(atError.stream().mapToDouble(Option::error).sum())
          .isLessThanOrEqualTo(error + 1e-8);
    }
  }

  private static double bestError(List<List<Option>> matrices, int from, long budget) {
    if (budget < 0) {
      return Double.POSITIVE_INFINITY;
    }
    if (from == matrices.size()) {
      return 0;
    }
    double best = Double.POSITIVE_INFINITY;
    for (Option option : matrices.get(from)) {
      best =
          Math.min(best, option.error() + bestError(matrices, from + 1, budget - option.bytes()));
    }
    return best;
  }
}
