// SPDX-License-Identifier: Apache-2.0
/**
 * The VAEs of the Wan models: between RGB frames and the latents that a transformer works on, frame
 * by frame, in bands of rows.
 *
 * <p>A {@link dev.wanlet.wan.model.vae.VaeFamily} describes one architecture: which layers each
 * half has and in which order, with their channels and the checkpoint's tensor names. {@link
 * dev.wanlet.wan.model.vae.VaeDecoder}, {@link dev.wanlet.wan.model.vae.VaeEncoder}, their memory
 * plans and the list of a checkpoint's tensors all walk this description, so nothing else may know
 * it. Another architecture is one more family and a layer class for each kind of layer that the
 * others lack, as {@link dev.wanlet.wan.model.vae.Vae22} shows.
 *
 * <p>What must not enter: which model uses which VAE (the catalog knows), budgets and the choice of
 * settings (the memory planner's), files and pictures (the pipeline's).
 */
package dev.wanlet.wan.model.vae;
