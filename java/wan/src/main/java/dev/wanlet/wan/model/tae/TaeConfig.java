// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.tae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The sizes of a small decoder. Immutable.
 *
 * <p>Source: madebyollin/taehv taehv.py, {@code TAEHV.__init__}.
 *
 * @param zDim channels of the latents: 16 for Wan 2.1, 48 for Wan 2.2
 * @param widths channels of the three levels, and of what goes into the last convolution
 * @param grown rows of each level's growing product in the checkpoint, of which the last are used
 * @param patch side of the square of pixels that the last convolution makes: 1 for Wan 2.1, 2 for
 *     Wan 2.2
 */
public record TaeConfig(int zDim, List<Integer> widths, List<Integer> grown, int patch) {
  /** Levels of the decoder; each doubles the resolution. */
  static final int LEVELS = 3;

  /** Blocks with memory in a level. */
  static final int BLOCKS = 3;

  private static final int RGB = 3;

  /** Frames that each level makes of one. */
  private static final List<Integer> STRIDES = List.of(1, 2, 2);

  public TaeConfig {
    widths = List.copyOf(widths);
    grown = List.copyOf(grown);
    if (zDim < 1 || patch < 1 || widths.size() != LEVELS + 1 || grown.size() != LEVELS) {
      throw new IllegalArgumentException(
          String.format("TAE of %d channels, widths %s, patch %d", zDim, widths, patch));
    }
  }

  /** The published decoder for Wan 2.1, also of its 14B successors: {@code taew2_1}. */
  public static TaeConfig wan21() {
    return published(16, 1);
  }

  /** The published decoder for Wan 2.2 TI2V-5B: {@code taew2_2}. */
  public static TaeConfig wan22() {
    return published(48, 2);
  }

  private static TaeConfig published(int zDim, int patch) {
    return new TaeConfig(zDim, List.of(256, 128, 64, 64), List.of(256, 256, 128), patch);
  }

  /**
   * Reads the sizes off a checkpoint.
   *
   * @throws WeightFormatException if it has other layers
   */
  public static TaeConfig infer(WeightSource source) throws WeightFormatException {
    WeightTensor first = kernel(source, TaeNames.FIRST);
    WeightTensor last = kernel(source, TaeNames.LAST);
    List<Integer> widths = new ArrayList<>();
    List<Integer> grown = new ArrayList<>();
    for (int level = 0; level < LEVELS; level++) {
      WeightTensor grow = kernel(source, TaeNames.grow(level));
      int width = size(kernel(source, TaeNames.block(level, 0) + ".conv.0"), 0);
      int rows = size(grow, 0);
      if (rows < width * STRIDES.get(level)) {
        throw new WeightFormatException(
            grow.file(),
            String.format(
                "tensor '%s' has shape %s, expected at least %d rows; it is no decoder of Wan's"
                    + " latents",
                grow.name(), grow.shape(), width * STRIDES.get(level)));
      }
      widths.add(width);
      grown.add(rows);
    }
    widths.add(size(last, 1));
    int patch = (int) Math.round(Math.sqrt(size(last, 0) / (double) RGB));
    if (patch < 1 || size(last, 0) != RGB * patch * patch) {
      throw new WeightFormatException(
          last.file(),
          String.format("tensor '%s' has shape %s; it makes no RGB", last.name(), last.shape()));
    }
    return new TaeConfig(size(first, 1), widths, grown, patch);
  }

  private static WeightTensor kernel(WeightSource source, String module)
      throws WeightFormatException {
    WeightTensor tensor = source.require(module + ".weight");
    if (tensor.shape().rank() < 2) {
      throw new WeightFormatException(
          tensor.file(),
          String.format(
              "tensor '%s' has shape %s, expected a convolution kernel",
              tensor.name(), tensor.shape()));
    }
    return tensor;
  }

  private static int size(WeightTensor tensor, int dim) {
    return Math.toIntExact(tensor.shape().dim(dim));
  }

  /** Frames that a level makes of one. */
  static int stride(int level) {
    return STRIDES.get(level);
  }

  /** Channels that come out of the last convolution. */
  int outChannels() {
    return RGB * patch * patch;
  }

  /** Pixels in a row or column for each of a latent frame. */
  public int spatialFactor() {
    return (1 << LEVELS) * patch;
  }

  /** Frames for each latent frame but the first. */
  public int temporalFactor() {
    return STRIDES.stream().reduce(1, Math::multiplyExact);
  }

  /** Frames that a clip of {@code latentFrames} has: the first few are left out. */
  public int frames(int latentFrames) {
    return temporalFactor() * latentFrames - leftOut();
  }

  /** Frames at the beginning that are not of the clip. */
  int leftOut() {
    return temporalFactor() - 1;
  }

  /** Multiplications and additions of a clip, about: those of its convolutions. */
  public double flops(int latentHeight, int latentWidth, int latentFrames) {
    double pixels = (double) latentHeight * latentWidth * latentFrames;
    double flops = 18.0 * zDim * widths.get(0) * pixels;
    for (int level = 0; level < LEVELS; level++) {
      double n = widths.get(level);
      flops += BLOCKS * 2.0 * 9 * n * n * 4 * pixels;
      flops += 2.0 * n * n * stride(level) * pixels;
      pixels *= 4.0 * stride(level);
      flops += 18.0 * n * widths.get(level + 1) * pixels;
    }
    return flops + 18.0 * widths.get(LEVELS) * outChannels() * pixels;
  }

  /** Names and shapes of all weights as a checkpoint has them. */
  public Map<String, Shape> tensors() {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    TaeNames.layout(this).specs().forEach(s -> tensors.put(s.name(), s.sourceShape()));
    return tensors;
  }
}
