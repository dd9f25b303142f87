// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Arrays;

/**
 * A first latent frame that is known: the noise begins behind it, it stays as it is through all
 * steps, and the model is told that it holds no noise.
 *
 * <p>Source: Wan2.2 wan/textimage2video.py, WanTI2V.i2v, {@code mask2}. Holds the array it was
 * given; immutable as long as that is.
 *
 * @param values of the frame, [C, h, w]
 * @param channels C
 * @param frames latent frames of the clip, T
 */
public record FirstFrame(float[] values, int channels, int frames)
    implements SamplingLoop.Constraint {
  public FirstFrame {
    if (frames < 1 || channels < 1 || values.length % channels != 0) {
      throw new IllegalArgumentException(
          values.length + " values of a first frame, " + channels + " channels, " + frames);
    }
  }

  /** The first frame of latents [C, T, h, w], as they are. */
  public static FirstFrame of(float[] latents, int channels, int frames) {
    int area = latents.length / (channels * frames);
    float[] values = new float[channels * area];
    for (int c = 0; c < channels; c++) {
      System.arraycopy(latents, c * frames * area, values, c * area, area);
    }
    return new FirstFrame(values, channels, frames);
  }

  /** Puts the frame where it belongs, in latents [C, T, h, w]. */
  @Override
  public void apply(float[] latents, int step) {
    int area = area(latents);
    for (int c = 0; c < channels; c++) {
      System.arraycopy(values, c * area, latents, c * frames * area, area);
    }
  }

  /** Takes from a velocity [C, T, h, w] what would move the frame. */
  public void still(float[] velocity) {
    int area = area(velocity);
    for (int c = 0; c < channels; c++) {
      Arrays.fill(velocity, c * frames * area, (c * frames + 1) * area, 0);
    }
  }

  private int area(float[] latents) {
    int area = values.length / channels;
    if (latents.length != channels * frames * area) {
      throw new IllegalArgumentException(
          latents.length + " values, expected " + channels + " x " + frames + " x " + area);
    }
    return area;
  }

  /**
   * The timestep of each token: 0 for those of the frame.
   *
   * @param tokens of the clip, the first frame's before the others
   */
  public float[] timesteps(float timestep, int tokens) {
    float[] all = new float[tokens];
    Arrays.fill(all, tokens / frames, tokens, timestep);
    return all;
  }
}
