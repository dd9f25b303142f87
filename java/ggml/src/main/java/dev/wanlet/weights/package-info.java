// SPDX-License-Identifier: Apache-2.0
/**
 * Weight files: memory-mapped readers of safetensors and GGUF, and writers of both.
 *
 * <p>{@link dev.wanlet.weights.checkpoint.WeightFiles#open} recognises a file by its content and
 * gives a {@link dev.wanlet.weights.WeightSource}, which owns the mapping; its {@link
 * dev.wanlet.weights.WeightTensor}s are views that die with it. Opening reads headers only. Headers
 * are treated as hostile: what they claim is checked against the file before anything is allocated,
 * and a bad one gives one {@link dev.wanlet.weights.WeightFormatException}.
 *
 * <p>Shapes are in PyTorch order, the last dimension contiguous, also where a file has them the
 * other way round.
 */
package dev.wanlet.weights;
