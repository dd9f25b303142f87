// SPDX-License-Identifier: Apache-2.0
/**
 * What a VAE makes of clips of which some frames are known: the channels that transformers see of
 * pictures.
 */
package dev.wanlet.wan.model.vae.known;
