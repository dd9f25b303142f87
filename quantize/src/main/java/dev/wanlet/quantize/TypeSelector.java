// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.quantize.TensorPlan.Reason;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Gives each tensor of a checkpoint its type by a recipe: small and delicate ones stay in floating
 * point, matrices get the recipe's type, the user's rules come before everything. Immutable,
 * thread-safe.
 */
public final class TypeSelector {
  private final QuantizationRecipe recipe;
  private final List<TensorRule> overrides;

  /**
   * @param overrides the user's rules, the first that matches wins
   */
  public TypeSelector(QuantizationRecipe recipe, List<TensorRule> overrides) {
    this.recipe = recipe;
    this.overrides = List.copyOf(overrides);
  }

  /**
   * The types of all tensors, in file order.
   *
   * @throws IllegalArgumentException if an override matches no tensor, or does not fit one
   */
  public List<TensorPlan> plan(Checkpoint checkpoint) {
    List<TensorPlan> plans = new ArrayList<>();
    boolean[] used = new boolean[overrides.size()];
    for (WeightTensor tensor : checkpoint.source().tensors()) {
      if (isUsed(checkpoint.kind(), tensor)) {
        plans.add(plan(checkpoint.kind(), tensor, used));
      }
    }
    for (int i = 0; i < used.length; i++) {
      if (!used[i]) {
        throw new IllegalArgumentException(
            "no tensor of this "
                + checkpoint.kind().title()
                + " matches '"
                + overrides.get(i)
                + "'; names are official ones, such as '"
                + plans.get(plans.size() / 2).name()
                + "'");
      }
    }
    return plans;
  }

  /** Tokenizers and step counters travel with some checkpoints; networks hold floats only. */
  private static boolean isUsed(CheckpointKind kind, WeightTensor tensor) {
    boolean textHalf =
        kind == CheckpointKind.IMAGE_ENCODER
            && (tensor.name().startsWith("textual.") || tensor.name().equals("log_scale"));
    return tensor.elements() > 0
        && !textHalf
        && (tensor.type().isFloat() || tensor.type().isQuantized());
  }

  private TensorPlan plan(CheckpointKind kind, WeightTensor tensor, boolean[] used) {
    for (int i = 0; i < overrides.size(); i++) {
      TensorRule rule = overrides.get(i);
      if (rule.matches(tensor.name())) {
        used[i] = true;
        if (!rule.type().fits(tensor.shape().columns())) {
          throw new IllegalArgumentException(
              String.format(
                  "'%s' does not fit '%s': its rows have %d elements, %s takes multiples of %d",
                  rule,
                  tensor.name(),
                  tensor.shape().columns(),
                  rule.type(),
                  rule.type().blockElements()));
        }
        return new TensorPlan(tensor, rule.type(), Reason.OVERRIDE);
      }
    }
    Recipes.Network network = Recipes.conventions(kind);
    TensorType wanted = recipe.typeOf(kind, tensor.name());
    if (wanted == TensorType.F32) {
      return new TensorPlan(tensor, TensorType.F32, Reason.RECIPE);
    }
    Shape shape = tensor.shape();
    boolean tiny = shape.rank() < 2 || shape.elements() <= Recipes.SMALL_ELEMENTS;
    if (tiny || matches(network.f32(), tensor.name())) {
      return new TensorPlan(tensor, TensorType.F32, Reason.KEPT);
    }
    if (!wanted.isQuantized()) {
      return new TensorPlan(tensor, wanted, Reason.RECIPE);
    }
    if (shape.rank() != 2 || matches(network.half(), tensor.name())) {
      return new TensorPlan(tensor, half(tensor), Reason.KEPT);
    }
    TensorType fitting = Recipes.fitting(wanted, shape.columns());
    return new TensorPlan(tensor, fitting, fitting == wanted ? Reason.RECIPE : Reason.FALLBACK);
  }

  /** The 16-bit type that loses least: BF16 has the range of what F16 may not be able to hold. */
  static TensorType half(WeightTensor tensor) {
    return tensor.type() == StoredType.BF16 ? TensorType.BF16 : TensorType.F16;
  }

  private static boolean matches(List<Pattern> patterns, String name) {
    return patterns.stream().anyMatch(p -> p.matcher(name).find());
  }
}
