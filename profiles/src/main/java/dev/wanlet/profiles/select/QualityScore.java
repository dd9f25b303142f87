// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.model.transformer.WanConfig;
import java.util.Map;

/**
 * A number to order candidates by. It orders the choices of one selection; it is a rule that was
 * set, not a measurement of clips. Stateless.
 *
 * <p>Points: 0.5 for each doubling of a transformer's weights and 0.25 for a second expert, 1 for
 * each doubling of a frame's pixels, 1 for each doubling of the length up to what was aimed at, 1
 * for each doubling of the steps up to what the model's authors recommend; less what the
 * quantisation recipe costs. A sampling recipe of few steps counts as half the recommended ones; a
 * step cache takes off a quarter of a point.
 */
final class QualityScore {
  /** What a recipe takes off, after the weight errors that the quantise tool reports. */
  private static final Map<String, Double> RECIPES =
      Map.ofEntries(
          Map.entry("F32", 0.0),
          Map.entry("BF16", 0.0),
          Map.entry("F16", 0.0),
          Map.entry("Q8_0", 0.02),
          Map.entry("Q6_K", 0.06),
          Map.entry("Q5_K_M", 0.12),
          Map.entry("Q4_K_M", 0.25),
          Map.entry("Q4_K_S", 0.3),
          Map.entry("Q3_K_M", 0.7),
          Map.entry("Q2_K", 1.5));

  /** What a sampling recipe takes off, whatever its steps. */
  private static final double SAMPLING_RECIPE = 1;

  /** What a step cache takes off. */
  private static final double STEP_CACHE = 0.25;

  private QualityScore() {}

  /**
   * The points of an idea. Types as a file has them are the same for all candidates, and cost
   * nothing.
   *
   * @param askedSteps of which fewer may run
   * @param aimedFrames length that was aimed at
   */
  static double of(Selector.Option option, RunPlanner.Job job, int askedSteps, int aimedFrames) {
    ModelDefaults model = option.model();
    double steps = log2((double) Math.min(askedSteps, model.steps()) / model.steps());
    return ofModel(model)
        + log2((double) job.size().pixels())
        + (option.way().recipe().isEmpty() ? steps : -SAMPLING_RECIPE)
        - (option.way().cache().isPresent() ? STEP_CACHE : 0)
        + log2((double) Math.min(job.frames(), aimedFrames) / aimedFrames)
        - RECIPES.getOrDefault(option.recipe(), 0.0);
  }

  /** The points of a model by itself. */
  static double ofModel(ModelDefaults model) {
    return 0.5 * log2(weights(model.transformer())) + 0.25 * (model.experts() - 1);
  }

  /** Weights of the blocks, about. */
  private static double weights(WanConfig config) {
    return (double) config.layers() * config.dim() * (8.0 * config.dim() + 2.0 * config.ffnDim());
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }
}
