// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import java.util.Optional;

/**
 * A way to sample: as the model's authors recommend, the same with a step cache, or by a sampling
 * recipe. Immutable.
 *
 * @param recipe the sampling recipe's name; empty without one
 * @param cache the step cache of the model's own way; empty without one
 * @param settings of another way than the own: what the user gave, with the way's values where they
 *     gave none; of the own way nothing
 */
public record Way(String recipe, Optional<CacheKind> cache, SettingValues settings) {
  /** The model's own way, with what was given. */
  public static final Way OWN = new Way("", Optional.empty(), SettingValues.NONE);

  /** By a sampling recipe. */
  public static Way ofRecipe(String recipe, SettingValues settings) {
    return new Way(recipe, Optional.empty(), settings);
  }

  /** The model's own way with the step cache that the settings name. */
  public static Way cached(SettingValues settings) {
    return new Way("", settings.find(Settings.CACHE), settings);
  }

  /** Whether this is the model's own way, every step in full. */
  public boolean isOwn() {
    return recipe.isEmpty() && cache.isEmpty();
  }

  /** {@code recipe quick}, {@code step cache mag}; empty for the own way. */
  public String words() {
    return recipe.isEmpty()
        ? cache.map(c -> "step cache " + c.id()).orElse("")
        : "recipe " + recipe;
  }
}
