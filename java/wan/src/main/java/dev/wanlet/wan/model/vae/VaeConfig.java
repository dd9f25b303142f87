// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sizes of a VAE and the statistics of its latents. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE_} and {@code WanVAE}.
 *
 * @param family the architecture that these are sizes of
 * @param dim channels of the encoder at full resolution; 96 in the published 2.1 model
 * @param decoderDim channels of the decoder at full resolution; 96 in the published 2.1 model
 * @param zDim channels of the latents; 16 in the published 2.1 model
 * @param dimMult multiples of dim at full resolution and after each halving
 * @param numResBlocks residual blocks of an encoder level; a decoder level has one more
 * @param temporalDownsample for each halving, whether it also halves the frames
 * @param latentMean mean of each latent channel; all 0 if not known
 * @param latentStd standard deviation of each latent channel; all 1 if not known
 */
public record VaeConfig(
    VaeFamily family,
    int dim,
    int decoderDim,
    int zDim,
    List<Integer> dimMult,
    int numResBlocks,
    List<Boolean> temporalDownsample,
    List<Float> latentMean,
    List<Float> latentStd) {
  public VaeConfig {
    dimMult = List.copyOf(dimMult);
    temporalDownsample = List.copyOf(temporalDownsample);
    latentMean = List.copyOf(latentMean);
    latentStd = List.copyOf(latentStd);
    if (dim < 1
        || decoderDim < 1
        || zDim < 1
        || numResBlocks < 1
        || dimMult.isEmpty()
        || dimMult.stream().anyMatch(m -> m < 1)
        || temporalDownsample.size() != dimMult.size() - 1
        || latentMean.size() != zDim
        || latentStd.size() != zDim
        || latentStd.stream().anyMatch(s -> !(s > 0))) {
      throw new IllegalArgumentException(
          String.format(
              "%s of dim %d and %d x %s, %d latent channels, %d residual blocks, temporal halvings"
                  + " %s, %d means, standard deviations %s: the sizes do not fit each other",
              family,
              dim,
              decoderDim,
              dimMult,
              zDim,
              numResBlocks,
              temporalDownsample,
              latentMean.size(),
              latentStd));
    }
  }

  /** This configuration with latents as the network makes them, not normalised. */
  public VaeConfig withoutStatistics() {
    return withStatistics(Collections.nCopies(zDim, 0f), Collections.nCopies(zDim, 1f));
  }

  /** This configuration with other statistics of the latents, a number for each channel. */
  public VaeConfig withStatistics(List<Float> mean, List<Float> deviation) {
    return new VaeConfig(
        family, dim, decoderDim, zDim, dimMult, numResBlocks, temporalDownsample, mean, deviation);
  }

  VaeHalf encoder() {
    return family.encoder(this);
  }

  VaeHalf decoder() {
    return family.decoder(this);
  }

  /**
   * Multiplications and additions of decoding a clip, about.
   *
   * @param frames latent frames
   */
  public double decodeFlops(int latentHeight, int latentWidth, int frames) {
    return decoder().flops(latentHeight, latentWidth, frames);
  }

  /**
   * Multiplications and additions of encoding a clip, about.
   *
   * @param frames latent frames
   */
  public double encodeFlops(int latentHeight, int latentWidth, int frames) {
    return encoder().flops(latentHeight, latentWidth, frames);
  }

  /** Names and shapes of a checkpoint's tensors, encoder first. */
  public Map<String, Shape> tensors() {
    Map<String, Shape> tensors = new LinkedHashMap<>(encoder().stored());
    tensors.putAll(decoder().stored());
    return tensors;
  }

  /** Pixels of a row or column that become one latent. */
  public int spatialFactor() {
    return decoder().spatialFactor() * family.patch();
  }

  /** Frames after the first that become one latent frame. */
  public int temporalFactor() {
    return decoder().temporalFactor();
  }

  /** Levels of resolution. */
  int levels() {
    return dimMult.size();
  }

  /** Frames of a clip of that many latent frames: 4 (T - 1) + 1 with 4 frames to a latent. */
  public int frames(int latentFrames) {
    return Math.addExact(Math.multiplyExact(latentFrames - 1, temporalFactor()), 1);
  }

  /** Latent frames of a clip; frames that do not fill a latent frame do not count. */
  public int latentFrames(int frames) {
    return (frames - 1) / temporalFactor() + 1;
  }
}
