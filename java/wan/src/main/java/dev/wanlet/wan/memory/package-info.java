// SPDX-License-Identifier: Apache-2.0
/**
 * Plans what a run takes of device and host memory, before anything is loaded. {@link
 * dev.wanlet.wan.memory.RunPlanner} fits every stage into a {@link
 * dev.wanlet.wan.memory.MemoryBudget}: it chooses which blocks stay on the device, how tokens are
 * cut into chunks and how the VAE works, so that the run is fastest. Each stage has a {@link
 * dev.wanlet.wan.memory.StagePlanner}; what all of them know of the model and the device is {@link
 * dev.wanlet.wan.memory.ModelFacts}.
 *
 * <p>Sizes are in bytes, and exact wherever ggml can be asked for them; formulas bound the rest. A
 * plan that exists, fits.
 *
 * <p>Must not enter: code that takes memory or loads weights ({@code nn} does that, as the plan
 * says), a network's graphs ({@code model}), and what a user asked for ({@code request}).
 */
package dev.wanlet.wan.memory;
