// SPDX-License-Identifier: Apache-2.0
/**
 * Sampling recipes: named ways to sample that few-step models and adapters need. The data lies in
 * {@code profiles/recipes}, a user's own in the folder of {@link
 * dev.wanlet.profiles.recipes.RecipeBook#userFolder}. A recipe only gives values to settings
 * ({@link dev.wanlet.wan.request.Settings}); runs know nothing of it but its name.
 *
 * <p>Must not enter: numbers of any recipe, how settings are checked.
 */
package dev.wanlet.profiles.recipes;
