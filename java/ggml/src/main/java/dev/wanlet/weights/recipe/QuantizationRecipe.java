// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.StoredAs.Reason;
import java.util.List;
import java.util.Map;

/**
 * How the tensors of a network are stored: one type for most matrices, rules for some. Immutable.
 *
 * @param name such as {@code Q4_K_M}
 * @param description one line for people
 * @param fileType the number of this mix in {@code general.file_type}, as llama.cpp counts them
 * @param base the type of what no rule names
 * @param rules by network (see {@link Recipes#network}); the first that matches wins
 */
public record QuantizationRecipe(
    String name,
    String description,
    int fileType,
    TensorType base,
    Map<String, List<TensorRule>> rules) {

  public QuantizationRecipe {
    rules = Map.copyOf(rules);
  }

  @JsonCreator
  static QuantizationRecipe read(
      @JsonProperty("name") String name,
      @JsonProperty(value = "description", required = true) String description,
      @JsonProperty(value = "file_type", required = true) int fileType,
      @JsonProperty(value = "type", required = true) String base,
      @JsonProperty(value = "rules", required = true) Map<String, List<TensorRule>> rules) {
    return new QuantizationRecipe(name, description, fileType, OutputTypes.parse(base), rules);
  }

  QuantizationRecipe withName(String newName) {
    return new QuantizationRecipe(newName, description, fileType, base, rules);
  }

  /**
   * The type that this recipe stores a tensor in: the one answer for the quantise tool, for plans
   * of models without files, and for synthetic models. It depends on nothing but the arguments.
   *
   * @param kind the network that the tensor belongs to
   * @param tensorName the official name in full, such as {@code blocks.0.ffn.2.weight}
   * @param shape in PyTorch order
   * @param half the type of what keeps 16 bits: BF16 for a source of BF16, whose range F16 may not
   *     be able to hold; else F16
   * @throws IllegalArgumentException if {@code kind} is no network
   */
  public StoredAs storedAs(CheckpointKind kind, String tensorName, Shape shape, TensorType half) {
    TensorType wanted = wanted(kind, tensorName);
    if (wanted == TensorType.F32) {
      return new StoredAs(wanted, Reason.RECIPE);
    }
    NetworkRules network = Recipes.rulesOf(kind);
    if (network.keepsF32(tensorName, shape)) {
      return new StoredAs(TensorType.F32, Reason.KEPT);
    }
    if (!wanted.isQuantized()) {
      return new StoredAs(wanted, Reason.RECIPE);
    }
    if (network.keepsHalf(tensorName, shape)) {
      return new StoredAs(half, Reason.KEPT);
    }
    TensorType fitting = Recipes.fitting(wanted, shape.columns());
    return new StoredAs(fitting, fitting == wanted ? Reason.RECIPE : Reason.FALLBACK);
  }

  /** The type for a large matrix of that name, whatever its rows fill. */
  private TensorType wanted(CheckpointKind kind, String tensorName) {
    return rules.getOrDefault(Recipes.network(kind), List.of()).stream()
        .filter(rule -> rule.matches(tensorName))
        .map(TensorRule::type)
        .findFirst()
        .orElse(base);
  }
}
