// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.quantize.TypeOptimizer.Option;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecipesTest {
  @Test
  void offersAllTypesInAnyCase() {
    assertThat(Recipes.names())
        .containsExactly(
            "F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_1", "Q5_0", "Q4_K_M",
            "Q4_K_S", "Q4_1", "Q4_0", "IQ4_NL", "Q3_K_L", "Q3_K_M", "Q3_K_S", "Q2_K");
    assertThat(Recipes.parse("q4_k_m").name()).isEqualTo("Q4_K_M");
    assertThat(Recipes.parse("Q3_K").name()).isEqualTo("Q3_K_M");
    assertThatThrownBy(() -> Recipes.parse("Q9"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'Q9'")
        .hasMessageContaining("Q4_K_M");
  }

  /** The mixes that ComfyUI-GGUF users know; ggml-wide file type numbers. */
  @Test
  void mixesAreThoseOfTheKnownFiles() {
    String firstV = "blocks.0.cross_attn.v.weight";
    String v = "blocks.20.self_attn.v.weight";
    String down = "blocks.20.ffn.2.weight";
    String q = "blocks.20.self_attn.q.weight";
    assertMix("Q4_K_M", 15, "Q6_K", firstV, v, down);
    assertMix("Q4_K_M", 15, "Q4_K", q, "blocks.20.ffn.0.weight");
    assertMix("Q4_K_S", 14, "Q5_K", firstV, "blocks.1.self_attn.v.weight", down);
    assertMix("Q4_K_S", 14, "Q4_K", v, q);
    assertMix("Q5_K_M", 17, "Q6_K", v, down);
    assertMix("Q5_K_S", 16, "Q5_K", v, down, q);
    assertMix("Q3_K_M", 12, "Q5_K", firstV);
    assertMix("Q3_K_M", 12, "Q4_K", v, down);
    assertMix("Q2_K", 10, "Q3_K", v);
    assertMix("Q2_K", 10, "Q2_K", q, down);
    assertMix("Q8_0", 7, "Q8_0", q, v, down);
  }

  @Test
  void narrowRowsGetTypesOfSmallerBlocks() {
    assertThat(Recipes.fitting(TensorType.Q4_K, 512)).isEqualTo(TensorType.Q4_K);
    assertThat(Recipes.fitting(TensorType.Q4_K, 128)).isEqualTo(TensorType.Q5_0);
    assertThat(Recipes.fitting(TensorType.Q6_K, 96)).isEqualTo(TensorType.Q8_0);
    assertThat(Recipes.fitting(TensorType.Q2_K, 32)).isEqualTo(TensorType.IQ4_NL);
    assertThat(Recipes.fitting(TensorType.Q4_0, 33)).isEqualTo(TensorType.F16);
    assertThat(Recipes.fitting(TensorType.Q4_K, 100)).isEqualTo(TensorType.F16);
  }

  @Test
  void rulesOfTheCommandLineAreChecked() {
    TensorRule rule = TensorRule.parse("ffn=2=q6_k");
    assertThat(rule.type()).isEqualTo(TensorType.Q6_K);
    assertThat(rule.pattern().pattern()).isEqualTo("ffn=2");
    for (String bad : new String[] {"ffn", "=Q6_K", "(=Q6_K", "x=Q9", "x=I8"}) {
      assertThatThrownBy(() -> TensorRule.parse(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

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

  private static void assertMix(String recipe, int fileType, String type, String... names) {
    assertThat(Recipes.parse(recipe).fileType()).isEqualTo(fileType);
    for (String name : names) {
      assertThat(Recipes.parse(recipe).typeOf(CheckpointKind.TRANSFORMER, name))
          .as("%s of %s", name, recipe)
          .isEqualTo(TensorType.valueOf(type));
    }
  }
}
