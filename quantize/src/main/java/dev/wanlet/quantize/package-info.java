// SPDX-License-Identifier: Apache-2.0
/**
 * Converts checkpoints of Wan's networks to GGUF files in quantised types, as a library ({@link
 * dev.wanlet.quantize.Quantizer}) and as a command ({@link dev.wanlet.quantize.QuantizeCommand}).
 *
 * <p>A run has three steps: {@link dev.wanlet.quantize.TypeSelector} or {@link
 * dev.wanlet.quantize.TypeOptimizer} gives each tensor a type, the conversion streams the tensors
 * through all cores in slices of rows, and the writer puts the finished file in its place at once.
 * Memory does not grow with the model. Recipes are data: {@code recipes.json}.
 */
package dev.wanlet.quantize;
