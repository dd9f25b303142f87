// SPDX-License-Identifier: Apache-2.0
/**
 * Quantisation recipes: which type each tensor of a network is stored in, told from its name and
 * shape alone ({@link dev.wanlet.weights.recipe.QuantizationRecipe#storedAs}). The quantise tool
 * writes these types, plans of models without files count them, and synthetic models have them, so
 * that a plan promises what a file keeps.
 *
 * <p>The recipes are data: {@code recipes.json}. Nothing here reads or writes weights, and nothing
 * knows devices: what a device computes with is {@code dev.wanlet.wan.nn}'s matter.
 */
package dev.wanlet.weights.recipe;
