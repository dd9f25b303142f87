// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.tae;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.wan.nn.frames.FrameSettings;

/**
 * How a small decoder is run: what there is to choose, none of which changes the result beyond
 * rounding. Immutable.
 *
 * @param latentHeight rows of a latent frame
 * @param latentWidth columns of a latent frame
 * @param precision F32 computes with F32 kernels and activations, AUTO with F16 ones
 * @param method how convolutions are computed
 * @param bandBytes what the activations of one band of rows may take, about
 * @param hostHistories how many of the blocks keep their past frame in host memory
 */
public record TaeSettings(
    int latentHeight,
    int latentWidth,
    Precision precision,
    ConvMethod method,
    long bandBytes,
    int hostHistories) {
  public TaeSettings {
    if (latentHeight < 1 || latentWidth < 1 || bandBytes < 1 || hostHistories < 0) {
      throw new IllegalArgumentException(
          String.format(
              "TAE settings: latents of %d x %d, bands of %d bytes, %d past frames on the host",
              latentHeight, latentWidth, bandBytes, hostHistories));
    }
  }

  FrameSettings frames() {
    TensorType type = precision == Precision.F32 ? TensorType.F32 : TensorType.F16;
    return new FrameSettings(type, method, bandBytes, true, hostHistories);
  }
}
