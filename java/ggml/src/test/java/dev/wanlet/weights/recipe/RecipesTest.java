// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.recipe;

import static dev.wanlet.weights.checkpoint.CheckpointKind.TRANSFORMER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.StoredAs.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecipesTest {
  @Test
  void offersAllRecipesInAnyCase() {
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

  @Test
  void smallAndDelicateTensorsStayInFloatingPoint() {
    String q = "blocks.0.self_attn.q.weight";
    assertStored("Q4_K", "blocks.0.self_attn.q.bias", TensorType.F32, Reason.KEPT, 5120);
    assertStored("F16", "blocks.0.norm3.weight", TensorType.F32, Reason.KEPT, 5120);
    assertStored("F16", "patch_embedding.weight", TensorType.F32, Reason.KEPT, 5120, 16, 1, 2, 2);
    assertStored("BF16", "blocks.0.modulation", TensorType.F32, Reason.KEPT, 1, 6, 5120);
    assertStored("Q8_0", "head.head.weight", TensorType.F16, Reason.KEPT, 64, 5120);
    assertStored("Q4_K", "time_embedding.0.weight", TensorType.F16, Reason.KEPT, 5120, 256);
    assertStored("F32", "head.head.weight", TensorType.F32, Reason.RECIPE, 64, 5120);
    assertStored("Q8_0", q, TensorType.F32, Reason.KEPT, 32, 32);
    assertStored("Q8_0", q, TensorType.Q8_0, Reason.RECIPE, 33, 32);
    assertStored("Q4_K", q, TensorType.Q5_0, Reason.FALLBACK, 5120, 96);
    assertThat(
            Recipes.parse("Q4_K")
                .storedAs(TRANSFORMER, "head.head.weight", Shape.of(64, 5120), TensorType.BF16)
                .type())
        .isEqualTo(TensorType.BF16);
  }

  @Test
  void everyNetworkHasItsRules() {
    QuantizationRecipe recipe = Recipes.parse("Q3_K_S");
    Shape table = Shape.of(256384, 4096);
    assertThat(
            recipe
                .storedAs(
                    CheckpointKind.TEXT_ENCODER, "token_embedding.weight", table, TensorType.F16)
                .type())
        .isEqualTo(TensorType.Q6_K);
    Shape kernel = Shape.of(96, 96, 3, 3, 3);
    for (CheckpointKind vae : List.of(CheckpointKind.VAE_2_1, CheckpointKind.VAE_2_2)) {
      assertThat(recipe.storedAs(vae, "decoder.conv1.weight", kernel, TensorType.F16).type())
          .isEqualTo(TensorType.F16);
    }
    assertThatThrownBy(() -> recipe.storedAs(CheckpointKind.LORA, "a", table, TensorType.F16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("LoRA");
  }

  private static StoredAs stored(String recipe, String name, long... shape) {
    return Recipes.parse(recipe).storedAs(TRANSFORMER, name, Shape.of(shape), TensorType.F16);
  }

  private static void assertStored(
      String recipe, String name, TensorType type, Reason reason, long... shape) {
    assertThat(stored(recipe, name, shape))
        .as("%s of %s", name, recipe)
        .isEqualTo(new StoredAs(type, reason));
  }

  private static void assertMix(String recipe, int fileType, String type, String... names) {
    assertThat(Recipes.parse(recipe).fileType()).isEqualTo(fileType);
    for (String name : names) {
      assertThat(stored(recipe, name, 5120, 5120).type())
          .as("%s of %s", name, recipe)
          .isEqualTo(TensorType.valueOf(type));
    }
  }
}
