// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Sizes of the Wan 2.1 VAE and the statistics of its latents. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code WanVAE_} and {@code WanVAE}.
 *
 * @param dim channels at full resolution; 96 in the published model
 * @param zDim channels of the latents; 16 in the published model
 * @param dimMult multiples of dim at full resolution and after each halving
 * @param numResBlocks residual blocks of an encoder level; a decoder level has one more
 * @param temporalDownsample for each halving, whether it also halves the frames
 * @param latentMean mean of each latent channel; all 0 if not known
 * @param latentStd standard deviation of each latent channel; all 1 if not known
 */
public record VaeConfig(
    int dim,
    int zDim,
    List<Integer> dimMult,
    int numResBlocks,
    List<Boolean> temporalDownsample,
    List<Float> latentMean,
    List<Float> latentStd) {
  // WanVAE in Wan2.1 wan/modules/vae.py.
  private static final List<Float> PUBLISHED_MEAN =
      List.of(
          -0.7571f, -0.7089f, -0.9113f, 0.1075f, -0.1745f, 0.9653f, -0.1517f, 1.5508f, 0.4134f,
          -0.0715f, 0.5517f, -0.3632f, -0.1922f, -0.9497f, 0.2503f, -0.2921f);
  private static final List<Float> PUBLISHED_STD =
      List.of(
          2.8184f, 1.4541f, 2.3275f, 2.6558f, 1.2196f, 1.7708f, 2.6052f, 2.0743f, 3.2687f, 2.1526f,
          2.8652f, 1.5579f, 1.6382f, 1.1253f, 2.8251f, 1.9160f);

  public VaeConfig {
    dimMult = List.copyOf(dimMult);
    temporalDownsample = List.copyOf(temporalDownsample);
    latentMean = List.copyOf(latentMean);
    latentStd = List.copyOf(latentStd);
    if (dim < 1
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
              "VAE of dim %d x %s, %d latent channels, %d residual blocks, temporal halvings %s,"
                  + " %d means, standard deviations %s: the sizes do not fit each other",
              dim, dimMult, zDim, numResBlocks, temporalDownsample, latentMean.size(), latentStd));
    }
  }

  /** The published model: 83 million weights, 8 x 8 pixels and 4 frames to a latent. */
  public static VaeConfig official() {
    return official(96, 16);
  }

  /** The published architecture in another width, such as the demo model's. */
  public static VaeConfig official(int dim, int zDim) {
    return withPublishedStatistics(dim, zDim, List.of(1, 2, 4, 4), 2, List.of(false, true, true));
  }

  private static VaeConfig withPublishedStatistics(
      int dim, int zDim, List<Integer> dimMult, int blocks, List<Boolean> temporal) {
    boolean published = zDim == PUBLISHED_MEAN.size();
    return new VaeConfig(
        dim,
        zDim,
        dimMult,
        blocks,
        temporal,
        published ? PUBLISHED_MEAN : java.util.Collections.nCopies(zDim, 0f),
        published ? PUBLISHED_STD : java.util.Collections.nCopies(zDim, 1f));
  }

  /** This configuration with latents as the network makes them, not normalised. */
  public VaeConfig withoutStatistics() {
    return new VaeConfig(
        dim,
        zDim,
        dimMult,
        numResBlocks,
        temporalDownsample,
        java.util.Collections.nCopies(zDim, 0f),
        java.util.Collections.nCopies(zDim, 1f));
  }

  /**
   * Reads the sizes off a checkpoint with official names; either half of the network will do.
   *
   * @throws WeightFormatException if it is not a Wan 2.1 VAE
   */
  public static VaeConfig infer(WeightSource source) throws WeightFormatException {
    boolean encoder = source.find("encoder.conv1.weight").isPresent();
    return encoder ? inferEncoder(source) : inferDecoder(source);
  }

  private static VaeConfig inferEncoder(WeightSource source) throws WeightFormatException {
    int dim = size(source, "encoder.conv1.weight", 0);
    List<Integer> mult = new ArrayList<>();
    List<Boolean> temporal = new ArrayList<>();
    int blocks = 0;
    int channels = dim;
    int index = 0;
    int inLevel = 0;
    while (true) {
      String module = "encoder.downsamples." + index++;
      if (source.find(module + ".residual.2.weight").isPresent()) {
        channels = size(source, module + ".residual.2.weight", 0);
        inLevel++;
      } else {
        mult.add(channels / dim);
        blocks = Math.max(blocks, inLevel);
        inLevel = 0;
        if (source.find(module + ".resample.1.weight").isEmpty()) {
          break;
        }
        temporal.add(source.find(module + ".time_conv.weight").isPresent());
      }
    }
    requireBlocks(source, blocks, "encoder.downsamples.0.residual.2.weight");
    int zDim = size(source, "encoder.head.2.weight", 0) / 2;
    return withPublishedStatistics(dim, zDim, mult, blocks, temporal);
  }

  private static VaeConfig inferDecoder(WeightSource source) throws WeightFormatException {
    int dim = size(source, "decoder.head.2.weight", 1);
    List<Integer> mult = new ArrayList<>();
    List<Boolean> temporal = new ArrayList<>();
    int blocks = 0;
    int channels = dim;
    int index = 0;
    int inLevel = 0;
    while (true) {
      String module = "decoder.upsamples." + index++;
      if (source.find(module + ".residual.2.weight").isPresent()) {
        channels = size(source, module + ".residual.2.weight", 0);
        inLevel++;
      } else {
        mult.add(0, channels / dim);
        blocks = Math.max(blocks, inLevel);
        inLevel = 0;
        if (source.find(module + ".resample.1.weight").isEmpty()) {
          break;
        }
        temporal.add(0, source.find(module + ".time_conv.weight").isPresent());
      }
    }
    requireBlocks(source, blocks, "decoder.upsamples.0.residual.2.weight");
    int zDim = size(source, "decoder.conv1.weight", 1);
    return withPublishedStatistics(dim, zDim, mult, blocks - 1, temporal);
  }

  private static void requireBlocks(WeightSource source, int blocks, String first)
      throws WeightFormatException {
    if (blocks == 0) {
      source.require(first);
    }
  }

  private static int size(WeightSource source, String name, int dimension)
      throws WeightFormatException {
    WeightTensor tensor = source.require(name);
    if (tensor.shape().rank() <= dimension) {
      throw new WeightFormatException(
          tensor.file(),
          "tensor '" + name + "' has shape " + tensor.shape() + ", expected a convolution kernel");
    }
    return Math.toIntExact(tensor.shape().dim(dimension));
  }

  /** Pixels of a row or column that become one latent. */
  public int spatialFactor() {
    return 1 << temporalDownsample.size();
  }

  /** Frames after the first that become one latent frame. */
  public int temporalFactor() {
    return 1 << (int) temporalDownsample.stream().filter(t -> t).count();
  }

  /** Channels after {@code halvings} halvings. */
  public int channels(int halvings) {
    return dim * dimMult.get(halvings);
  }

  /** Levels of resolution. */
  public int levels() {
    return dimMult.size();
  }

  /** Frames of a clip of that many latent frames: 4 (T - 1) + 1. */
  public int frames(int latentFrames) {
    return Math.addExact(Math.multiplyExact(latentFrames - 1, temporalFactor()), 1);
  }

  /** Latent frames of a clip; frames that do not fill a latent frame do not count. */
  public int latentFrames(int frames) {
    return (frames - 1) / temporalFactor() + 1;
  }
}
