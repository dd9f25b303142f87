// SPDX-License-Identifier: Apache-2.0
/**
 * The small decoders of Wan's latents, TAEs: a few plain convolutions that look one frame back,
 * some twenty times as fast as the VAE and less exact. {@link dev.wanlet.wan.model.tae.TaeDecoder}
 * streams: what it holds does not depend on the length of the clip.
 *
 * <p>What must not enter: budgets and the choice of settings (the memory planner's), files and
 * pictures (the pipeline's).
 */
package dev.wanlet.wan.model.tae;
