// SPDX-License-Identifier: Apache-2.0
/**
 * Runs a clip through its stages. {@link dev.wanlet.wan.pipeline.VideoPipeline} is where programs
 * that embed Wanlet begin; {@link dev.wanlet.wan.pipeline.OpenPipeline} keeps a model ready for
 * many clips, {@link dev.wanlet.wan.pipeline.SamplingRun} makes one step by step, and {@link
 * dev.wanlet.wan.pipeline.GenerationListener} and {@link dev.wanlet.wan.pipeline.Cancellation}
 * watch and stop it.
 *
 * <p>Must not enter: how much memory a stage takes ({@code memory}), which settings are possible
 * ({@code request}), which files make a model ({@code catalog}), and what a network computes
 * ({@code model}).
 */
package dev.wanlet.wan.pipeline;
