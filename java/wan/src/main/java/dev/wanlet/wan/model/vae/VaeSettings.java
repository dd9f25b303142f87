// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.wan.nn.frames.FrameSettings;

/**
 * How a VAE is run: what there is to choose, none of which changes the result beyond rounding.
 * Immutable.
 *
 * @param latentHeight rows of a latent frame: pixels / 8, or / 16
 * @param latentWidth columns of a latent frame
 * @param singleFrame one frame only, such as an image: no history is kept
 * @param precision F32 computes with F32 kernels and activations, AUTO with F16 ones
 * @param method how convolutions are computed
 * @param bandBytes what the activations of one band of rows may take, about; at least one row is
 *     computed at a time
 * @param hostHistories how many of the convolutions, in order, keep their past frames in host
 *     memory instead of on the device
 */
public record VaeSettings(
    int latentHeight,
    int latentWidth,
    boolean singleFrame,
    Precision precision,
    ConvMethod method,
    long bandBytes,
    int hostHistories) {
  public VaeSettings {
    if (latentHeight < 1 || latentWidth < 1 || bandBytes < 1 || hostHistories < 0) {
      throw new IllegalArgumentException(
          String.format(
              "VAE settings: latents of %d x %d, bands of %d bytes, %d histories on the host",
              latentHeight, latentWidth, bandBytes, hostHistories));
    }
  }

  /** These settings with bands of another size. */
  public VaeSettings withBandBytes(long bytes) {
    return new VaeSettings(
        latentHeight, latentWidth, singleFrame, precision, method, bytes, hostHistories);
  }

  /** These settings with another number of histories in host memory. */
  public VaeSettings withHostHistories(int count) {
    return new VaeSettings(
        latentHeight, latentWidth, singleFrame, precision, method, bandBytes, count);
  }

  /** The type of kernels, and of activations that only feed a convolution. */
  TensorType convolutionType() {
    return precision == Precision.F32 ? TensorType.F32 : TensorType.F16;
  }

  /** What the layers are told of them. */
  FrameSettings frames() {
    return new FrameSettings(convolutionType(), method, bandBytes, keepsHistory(), hostHistories);
  }

  // With zero frames before the first, leaving them out is the same; a kernel of ggml's convolution
  // cannot be cut, so there the zeros are kept.
  private boolean keepsHistory() {
    return !singleFrame || method == ConvMethod.DIRECT;
  }
}
