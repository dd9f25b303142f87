// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

/** What a Wan transformer is conditioned on, beside the prompt. */
public enum WanVariant {
  /** Text only (Wan 2.1 T2V, Wan 2.2 T2V-A14B). */
  T2V,
  /** A first frame through VAE latents and CLIP features (Wan 2.1 I2V). */
  I2V,
  /** First and last frame through VAE latents and CLIP features (Wan 2.1 FLF2V). */
  FLF2V,
  /** Control video through a side branch (Wan 2.1 VACE). */
  VACE,
  /** A first frame through VAE latents alone (Wan 2.2 I2V-A14B). */
  I2V_LATENT,
  /** Text, or a first frame in place of the first latent frame (Wan 2.2 TI2V-5B). */
  TI2V
}
