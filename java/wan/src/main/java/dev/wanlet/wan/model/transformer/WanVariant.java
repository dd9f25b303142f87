// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.weights.WeightSource;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a Wan transformer is conditioned on, beside the prompt, and what this version can do with
 * it: the one list of variants. Immutable.
 *
 * <p>A checkpoint is of the first variant whose marker it has; the shapes tell the others apart.
 */
public enum WanVariant {
  /** Control video through a side branch (Wan 2.1 VACE). */
  VACE("vace_patch_embedding.weight", 0, Support.NONE),
  /** First and last frame through VAE latents and CLIP features (Wan 2.1 FLF2V). */
  FLF2V("img_emb.emb_pos", 2, Support.NETWORK),
  /** A first frame through VAE latents and CLIP features (Wan 2.1 I2V). */
  I2V("img_emb.proj.1.weight", 1, Support.NETWORK),
  /** A first frame through VAE latents alone (Wan 2.2 I2V-A14B). */
  I2V_LATENT(null, 0, Support.NETWORK),
  /** Text, or a first frame in place of the first latent frame (Wan 2.2 TI2V-5B). */
  TI2V(null, 0, Support.NETWORK),
  /** Text only (Wan 2.1 T2V, Wan 2.2 T2V-A14B). */
  T2V(null, 0, Support.CLIPS);

  private enum Support {
    /** The network has layers that are not there yet. */
    NONE,
    /** The network is plain blocks, but a clip needs more than a prompt. */
    NETWORK,
    /** Clips are made from a prompt. */
    CLIPS
  }

  /** Latent channels of the 2.2 VAE, which only TI2V works on. */
  private static final int LATENT_CHANNELS_22 = 48;

  private final String marker; // a tensor that no variant below has, or null
  private final int pictures;
  private final Support support;

  WanVariant(String marker, int pictures, Support support) {
    this.marker = marker;
    this.pictures = pictures;
    this.support = support;
  }

  /** Of how many pictures cross-attention sees the CLIP features. */
  public int pictures() {
    return pictures;
  }

  /** Whether cross-attention sees the CLIP features of pictures. */
  public boolean seesPictures() {
    return pictures > 0;
  }

  /** Whether this version has all layers of the network, so that it can be planned and run. */
  public boolean isRunnable() {
    return support != Support.NONE;
  }

  /** Whether this version makes clips with it: of a prompt, and nothing else. */
  public boolean makesClips() {
    return support == Support.CLIPS;
  }

  /** Those that are {@linkplain #isRunnable() runnable}. */
  public static Set<WanVariant> runnable() {
    EnumSet<WanVariant> all = EnumSet.allOf(WanVariant.class);
    all.removeIf(variant -> !variant.isRunnable());
    return all;
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
