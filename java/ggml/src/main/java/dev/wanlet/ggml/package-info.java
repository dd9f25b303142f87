// SPDX-License-Identifier: Apache-2.0
/**
 * ggml for Java: {@link dev.wanlet.ggml.Device}s, their {@link dev.wanlet.ggml.Backend}s and
 * memory, {@link dev.wanlet.ggml.Tensor}s in a {@link dev.wanlet.ggml.TensorArena}, and graphs made
 * with a {@link dev.wanlet.ggml.GraphBuilder}. Every operand is checked before the native call,
 * because ggml ends the process on a bad one. Shapes are in PyTorch order. Owners are closed by
 * whoever opened them; tensors die with their arena.
 *
 * <p>Must not enter: networks, weight files, plans, and choices that depend on a model. A method
 * here stands for one call of ggml or for what makes that call safe.
 */
package dev.wanlet.ggml;
