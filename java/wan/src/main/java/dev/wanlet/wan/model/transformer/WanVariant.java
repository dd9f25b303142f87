// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.weights.WeightSource;

/**
 * What a Wan transformer is conditioned on, beside the prompt, and what this version can do with
 * it: the one list of variants. Immutable.
 *
 * <p>A checkpoint is of the first variant whose marker it has; the shapes tell the others apart.
 */
public enum WanVariant {
  /** Control video through a side branch (Wan 2.1 VACE). */
  VACE(WanControl.PATCHES + ".weight", 0, 0, 0),
  /** First and last frame through VAE latents and CLIP features (Wan 2.1 FLF2V). */
  FLF2V("img_emb.emb_pos", 2, 2, 2),
  /** A first frame through VAE latents and CLIP features (Wan 2.1 I2V). */
  I2V("img_emb.proj.1.weight", 1, 1, 1),
  /** A first frame, and maybe a last one, through VAE latents alone (Wan 2.2 I2V-A14B). */
  I2V_LATENT(null, 0, 1, 2),
  /** Text, or a first frame in place of the first latent frame (Wan 2.2 TI2V-5B). */
  TI2V(null, 0, 0, 1),
  /** Text only (Wan 2.1 T2V, Wan 2.2 T2V-A14B). */
  T2V(null, 0, 0, 0);

  /** Latent channels of the 2.2 VAE, which only TI2V works on. */
  private static final int LATENT_CHANNELS_22 = 48;

  private final String marker; // a tensor that no variant below has, or null
  private final int pictures;
  private final int leastPictures;
  private final int mostPictures;

  WanVariant(String marker, int pictures, int leastPictures, int mostPictures) {
    this.marker = marker;
    this.pictures = pictures;
    this.leastPictures = leastPictures;
    this.mostPictures = mostPictures;
  }

  /** Pictures that a clip needs: the first frame, then the last. */
  public int leastPictures() {
    return leastPictures;
  }

  /** Pictures that a clip may be given. */
  public int mostPictures() {
    return mostPictures;
  }

  /** Whether clips begin with a picture, or may. */
  public boolean takesPictures() {
    return mostPictures > 0;
  }

  /** Whether a picture takes the place of the first latent frame, instead of standing beside it. */
  public boolean beginsWithLatents() {
    return this == TI2V;
  }

  /** Of how many pictures cross-attention sees the CLIP features. */
  public int pictures() {
    return pictures;
  }

  /** Whether cross-attention sees the CLIP features of pictures. */
  public boolean seesPictures() {
    return pictures > 0;
  }

  /** Whether a control branch is shown videos and pictures. */
  public boolean takesControl() {
    return this == VACE;
  }

  /**
   * The variant of a checkpoint with the official names.
   *
   * @param inChannels latent channels in, conditioning channels included
   * @param outChannels latent channels out
   */
  static WanVariant of(WeightSource source, long inChannels, long outChannels) {
    for (WanVariant variant : values()) {
      if (variant.marker != null && source.find(variant.marker).isPresent()) {
        return variant;
      }
    }
    if (inChannels > outChannels) {
      return I2V_LATENT;
    }
    return outChannels == LATENT_CHANNELS_22 ? TI2V : T2V;
  }
}
