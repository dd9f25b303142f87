// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

/**
 * What a clip shows the transformer beside noise and prompts, the same at every step and in every
 * pass. Holds the array it was given; immutable as long as that is.
 *
 * <p>Source: Wan2.2 wan/image2video.py, {@code y} of WanI2V.generate.
 *
 * @param channels what stands behind the noisy channels, [C_in - C_noisy, T, H, W]: for
 *     image-to-video 4 of mask and 16 of encoded pictures; often empty
 * @param features CLIP's, of all pictures that the model sees, [pictures * 257, imageDim]; often
 *     empty
 */
public record WanCondition(float[] channels, float[] features) {
  /** Noise and prompts are all there is. */
  public static final WanCondition NONE = new WanCondition(new float[0]);

  /** What stands behind the noisy channels, of a model that does not see pictures otherwise. */
  public WanCondition(float[] channels) {
    this(channels, new float[0]);
  }
}
