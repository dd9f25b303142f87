// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.recipe.QuantizationRecipe;
import dev.wanlet.weights.recipe.StoredAs;
import dev.wanlet.weights.recipe.StoredAs.Reason;
import dev.wanlet.weights.recipe.TensorRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Gives each tensor of a checkpoint its type: the user's rules come first, then the quantisation
 * recipe. Immutable, thread-safe.
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
    return plan(checkpoint.kind(), checkpoint.source().tensors());
  }

  /**
   * The types of a network's tensors, in their order. Looks at names, types and shapes only.
   *
   * @param kind which network it is
   * @param tensors under official names
   * @throws IllegalArgumentException if an override matches no tensor, or does not fit one
   */
  public List<TensorPlan> plan(CheckpointKind kind, Collection<WeightTensor> tensors) {
    List<TensorPlan> plans = new ArrayList<>();
    boolean[] used = new boolean[overrides.size()];
    for (WeightTensor tensor : tensors) {
      if (isUsed(kind, tensor)) {
        plans.add(plan(kind, tensor, used));
      }
    }
    for (int i = 0; i < used.length; i++) {
      if (!used[i]) {
        throw new IllegalArgumentException(
            "no tensor of this "
                + kind.title()
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
    return tensor.elements() > 0 && !textHalf && tensor.isReal();
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
        return new TensorPlan(tensor, new StoredAs(rule.type(), Reason.OVERRIDE));
      }
    }
    StoredAs stored = recipe.storedAs(kind, tensor.name(), tensor.shape(), half(tensor.type()));
    return new TensorPlan(tensor, stored);
  }

  /** The 16-bit type that loses least: BF16 has the range of what F16 may not be able to hold. */
  static TensorType half(StoredType source) {
    return source == StoredType.BF16 ? TensorType.BF16 : TensorType.F16;
  }
}
