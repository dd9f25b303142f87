// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

/**
 * What a clip shows the transformer beside noise and prompts, the same at every step and in every
 * pass. Holds the arrays it was given; immutable as long as those are.
 *
 * <p>Source: Wan2.2 wan/image2video.py, {@code y} of WanI2V.generate; Wan2.1
 * wan/modules/vace_model.py, {@code vace_context} of VaceWanModel.forward.
 *
 * @param channels what stands behind the noisy channels, [C_in - C_noisy, T, H, W]: for
 *     image-to-video 4 of mask and 16 of encoded pictures; often empty
 * @param features CLIP's, of all pictures that the model sees, [pictures * 257, imageDim]; often
 *     empty
 * @param control what the control branch is shown; {@link Control#NONE} for a model without one
 */
public record WanCondition(float[] channels, float[] features, Control control) {
  /** Noise and prompts are all there is. */
  public static final WanCondition NONE = new WanCondition(new float[0]);

  /**
   * What a control branch is shown.
   *
   * @param channels [{@link #CHANNELS}, T, H, W]: 16 of what is kept, 16 of what is made anew, and
   *     64 of mask
   * @param strength that hints are multiplied by, 1 as trained
   */
  public record Control(float[] channels, float strength) {
    public static final int CHANNELS = WanControl.CHANNELS;

    /** There is no control branch. */
    public static final Control NONE = new Control(new float[0], 0);
  }

  /** What stands behind the noisy channels, of a model that does not see pictures otherwise. */
  public WanCondition(float[] channels) {
    this(channels, new float[0]);
  }

  /** What a model without a control branch is shown. */
  public WanCondition(float[] channels, float[] features) {
    this(channels, features, Control.NONE);
  }

  /** What a model with a control branch is shown. */
  public WanCondition(Control control) {
    this(new float[0], new float[0], control);
  }
}
