// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.request.SettingValues;

/**
 * A way to sample: as the model's authors recommend, or by a sampling recipe. Immutable.
 *
 * @param recipe the sampling recipe's name; empty for the model's own way
 * @param settings of a recipe's way: what the user gave, with the recipe's values where they gave
 *     none; of the own way nothing
 */
public record Way(String recipe, SettingValues settings) {
  /** The model's own way, with what was given. */
  public static final Way OWN = new Way("", SettingValues.NONE);

  /** Whether this is the model's own way. */
  public boolean isOwn() {
    return recipe.isEmpty();
  }
}
