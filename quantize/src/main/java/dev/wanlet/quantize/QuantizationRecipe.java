// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.util.List;
import java.util.Map;

/**
 * How a network's matrices are stored: one type for most, rules for some. Immutable.
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

  /** The type for a matrix of that name. */
  public TensorType typeOf(CheckpointKind kind, String tensorName) {
    for (TensorRule rule : rules.getOrDefault(Recipes.network(kind), List.of())) {
      if (rule.matches(tensorName)) {
        return rule.type();
      }
    }
    return base;
  }
}
