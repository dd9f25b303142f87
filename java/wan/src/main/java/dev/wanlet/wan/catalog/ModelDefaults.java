// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One model: its numbers and the settings its authors recommend. Known without any weight file.
 * Immutable.
 *
 * @param id stable name, such as {@code wan2.1-t2v-1.3b}; {@code custom} for unknown shapes
 * @param title what it is, for people
 * @param transformer numbers of the transformer, or of each of the two experts
 * @param vae numbers of the VAE it was trained with
 * @param textEncoder numbers of the text encoder it was trained with
 * @param expertBoundary noise level, 0 to 1, at which the low-noise expert takes over; empty for
 *     models of one transformer
 * @param steps sampling steps
 * @param flowShift flow shift at sizes above 832x480
 * @param flowShiftAt480p flow shift up to 832x480
 * @param guidanceScale guidance scale, of the low-noise expert where there are two
 * @param highNoiseGuidanceScale guidance scale of the high-noise expert, or the same
 * @param sampler solver
 * @param negativePrompt what guidance leads away from
 * @param fps frames a second it was trained at
 * @param frames length of clip it was trained at, 4n+1
 * @param sizes frame sizes it was trained at, the default first
 * @param trainedOn all that a small model has seen; empty for models that know the world
 * @param source where its authors publish it
 * @param files one set of files that makes the whole model, small ones before others; may be empty
 */
public record ModelDefaults(
    String id,
    String title,
    WanConfig transformer,
    VaeNumbers vae,
    Umt5Config textEncoder,
    OptionalDouble expertBoundary,
    int steps,
    double flowShift,
    double flowShiftAt480p,
    double guidanceScale,
    double highNoiseGuidanceScale,
    SamplingMethod sampler,
    String negativePrompt,
    double fps,
    int frames,
    List<FrameSize> sizes,
    Optional<TrainedOn> trainedOn,
    String source,
    List<PublishedFile> files) {

  /** The id of models whose shapes nobody has published. */
  public static final String CUSTOM = "custom";

  /** Latent pixels of a token's side: patches are 1x2x2 in every Wan model. */
  private static final int PATCH_SIDE = 2;

  private static final long PIXELS_480P = 832 * 480;

  /**
   * Numbers of a VAE. Immutable.
   *
   * @param version of the architecture, such as 2.1: the name of its {@link VaeFamily}, if this
   *     version has that
   * @param dim channels of the encoder's first stage
   * @param decoderDim channels of the decoder's last stage
   * @param latentChannels channels of the latents
   * @param spatialStride pixels of a latent pixel's side
   * @param temporalStride frames of a latent frame, after the first
   */
  public record VaeNumbers(
      String version,
      int dim,
      int decoderDim,
      int latentChannels,
      int spatialStride,
      int temporalStride) {
    /** The configuration of the published VAE; empty for one that this version cannot run. */
    public Optional<VaeConfig> config() {
      return VaeFamily.of(version).map(f -> f.config(dim, decoderDim, latentChannels));
    }
  }

  public ModelDefaults {
    sizes = List.copyOf(sizes);
    files = List.copyOf(files);
  }

  /** What sentences call it: its id if it is a published one. */
  public String name() {
    return id.equals(CUSTOM) ? "this model" : id;
  }

  /** Whether this version makes clips with it. */
  public boolean isRunnable() {
    return vae.config().isPresent();
  }

  /** Transformers it consists of: 1, or 2 experts. */
  public int experts() {
    return expertBoundary.isPresent() ? 2 : 1;
  }

  /** The frame size to use unless the user says otherwise. */
  public FrameSize size() {
    return sizes.get(0);
  }

  /** The recommended flow shift at this size. */
  public double flowShift(FrameSize at) {
    return at.pixels() <= PIXELS_480P ? flowShiftAt480p : flowShift;
  }

  /** Widths and heights must be multiples of this: a token covers so many pixels a side. */
  public int sizeMultiple() {
    return vae.spatialStride() * PATCH_SIDE;
  }
}
