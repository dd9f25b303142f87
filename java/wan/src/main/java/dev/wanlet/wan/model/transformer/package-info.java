// SPDX-License-Identifier: Apache-2.0
/**
 * The Wan diffusion transformer: latents, a timestep and prompts in, a velocity out. {@link
 * dev.wanlet.wan.model.transformer.WanConfig} holds its numbers, {@link
 * dev.wanlet.wan.model.transformer.WanTransformer} its weights, and a {@link
 * dev.wanlet.wan.model.transformer.WanSession} is one at work on a clip. {@code WanOuter} and
 * {@code WanBlock} read like the reference; {@code WanGraphs} cuts them into graphs of one chunk
 * each, over the tensors of {@code WanState}.
 *
 * <p>Source: Wan2.1 wan/modules/model.py.
 *
 * <p>Must not enter: loops over steps and guidance ({@code sampling}, {@code pipeline}), how blocks
 * get to the device ({@code nn}), and budgets ({@code memory}).
 */
package dev.wanlet.wan.model.transformer;
