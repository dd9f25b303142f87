// SPDX-License-Identifier: Apache-2.0
/**
 * Converts checkpoints of Wan's networks to GGUF files in quantised types. {@link
 * dev.wanlet.quantize.Quantizer} is the way in; {@code wanlet quantize} calls it.
 *
 * <p>A run has three steps: {@link dev.wanlet.quantize.TypeSelector} or {@link
 * dev.wanlet.quantize.TypeOptimizer} gives each tensor a type, the conversion streams the tensors
 * through all cores in slices of rows, and the writer puts the finished file in its place at once.
 * Memory does not grow with the model. Which type a quantisation recipe gives a tensor is {@link
 * dev.wanlet.weights.recipe}'s matter, and no terminal is touched here.
 */
package dev.wanlet.quantize;
