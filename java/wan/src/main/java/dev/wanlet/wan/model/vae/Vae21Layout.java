// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;

/**
 * The weights of each half of the Wan 2.1 VAE, known from the configuration alone. Stateless.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code Encoder3d} and {@code Decoder3d}.
 */
final class Vae21Layout {
  private final VaeSettings settings;
  private final WeightLayout.Builder layout = WeightLayout.builder(TypePolicy.ALL_F32);

  private Vae21Layout(VaeSettings settings) {
    this.settings = settings;
  }

  static WeightLayout decoder(VaeConfig config, VaeSettings settings) {
    return new Vae21Layout(settings).buildDecoder(config);
  }

  static WeightLayout encoder(VaeConfig config, VaeSettings settings) {
    return new Vae21Layout(settings).buildEncoder(config);
  }

  /** Elements of the longest padded row or column of any frame. */
  static long widestBorder(VaeConfig config, VaeSettings settings) {
    long widest = 0;
    for (int level = 0; level < config.levels(); level++) {
      int scale = 1 << (config.levels() - 1 - level);
      long side = 2L + (long) scale * Math.max(settings.latentHeight(), settings.latentWidth());
      // The first block of a decoder level may still have the channels of the level before.
      int channels = config.channels(level);
      if (level + 1 < config.levels()) {
        channels = Math.max(channels, config.channels(level + 1) / 2);
      }
      channels = Math.max(channels, Math.max(config.zDim(), 3));
      widest = Math.max(widest, side * channels);
    }
    return widest;
  }

  private WeightLayout buildDecoder(VaeConfig config) {
    int top = config.levels() - 1;
    int channels = config.channels(top);
    pointwise("conv2", config.zDim(), config.zDim());
    causal("decoder.conv1", channels, config.zDim());
    middle("decoder.middle", channels);
    int index = 0;
    for (int level = top; level >= 0; level--) {
      for (int block = 0; block <= config.numResBlocks(); block++) {
        residual("decoder.upsamples." + index++, config.channels(level), channels);
        channels = config.channels(level);
      }
      if (level > 0) {
        String name = "decoder.upsamples." + index++;
        spatial(name + ".resample.1", channels / 2, channels);
        if (config.temporalDownsample().get(level - 1)) {
          temporal(name + ".time_conv", 2 * channels, channels);
        }
        channels /= 2;
      }
    }
    gamma("decoder.head.0", channels, 4);
    causal("decoder.head.2", 3, channels);
    return layout.build();
  }

  private WeightLayout buildEncoder(VaeConfig config) {
    int channels = config.dim();
    causal("encoder.conv1", channels, 3);
    int index = 0;
    for (int level = 0; level < config.levels(); level++) {
      for (int block = 0; block < config.numResBlocks(); block++) {
        residual("encoder.downsamples." + index++, config.channels(level), channels);
        channels = config.channels(level);
      }
      if (level < config.levels() - 1) {
        String name = "encoder.downsamples." + index++;
        spatial(name + ".resample.1", channels, channels);
        if (config.temporalDownsample().get(level)) {
          temporal(name + ".time_conv", channels, channels);
        }
      }
    }
    middle("encoder.middle", channels);
    gamma("encoder.head.0", channels, 4);
    causal("encoder.head.2", 2 * config.zDim(), channels);
    pointwise("conv1", 2 * config.zDim(), 2 * config.zDim());
    return layout.build();
  }

  private void middle(String name, int channels) {
    residual(name + ".0", channels, channels);
    gamma(name + ".1.norm", channels, 3);
    matrix(name + ".1.to_qkv", Shape.of(3 * channels, channels, 1, 1));
    matrix(name + ".1.proj", Shape.of(channels, channels, 1, 1));
    residual(name + ".2", channels, channels);
  }

  private void residual(String name, int out, int in) {
    gamma(name + ".residual.0", in, 4);
    causal(name + ".residual.2", out, in);
    gamma(name + ".residual.3", out, 4);
    causal(name + ".residual.6", out, out);
    if (in != out) {
      pointwise(name + ".shortcut", out, in);
    }
  }

  /** A weight of a norm, stored with as many trailing dimensions of 1 as make {@code rank}. */
  private void gamma(String name, int channels, int rank) {
    long[] stored = {channels, 1, 1, 1};
    layout.add(
        new TensorSpec(
            name + ".gamma",
            TensorType.F32,
            Shape.of(channels),
            Shape.of(java.util.Arrays.copyOf(stored, rank)),
            TensorSpec.Transform.NONE));
  }

  private void causal(String name, int out, int in) {
    kernel(name, Shape.of(out, in, 3, 3, 3), TensorSpec.Transform.FOLD_TIME);
  }

  private void spatial(String name, int out, int in) {
    kernel(name, Shape.of(out, in, 3, 3), TensorSpec.Transform.NONE);
  }

  private void kernel(String name, Shape stored, TensorSpec.Transform direct) {
    boolean gather = settings.method() == VaeSettings.ConvMethod.GATHER;
    long out = stored.dim(0);
    Shape computed =
        gather
            ? Shape.of(out, stored.elements() / out)
            : Shape.of(out, stored.elements() / out / 9, 3, 3);
    layout
        .add(
            new TensorSpec(
                name + ".weight",
                settings.convolutionType(),
                computed,
                stored,
                gather ? TensorSpec.Transform.CHANNELS_LAST : direct))
        .f32(name + ".bias", out);
  }

  /** A convolution over three frames of one pixel: a product with the frames' channels joined. */
  private void temporal(String name, int out, int in) {
    layout
        .add(
            new TensorSpec(
                name + ".weight",
                temporalType(settings),
                Shape.of(out, 3L * in),
                Shape.of(out, in, 3, 1, 1),
                TensorSpec.Transform.CHANNELS_LAST))
        .f32(name + ".bias", out);
  }

  /** A GPU multiplies F16 matrices with F16 sums, which is too coarse. */
  static TensorType temporalType(VaeSettings settings) {
    return settings.method() == VaeSettings.ConvMethod.GATHER
        ? settings.convolutionType()
        : TensorType.F32;
  }

  private void pointwise(String name, int out, int in) {
    matrix(name, Shape.of(out, in, 1, 1, 1));
  }

  private void matrix(String name, Shape stored) {
    layout
        .add(
            new TensorSpec(
                name + ".weight",
                TensorType.F32,
                Shape.of(stored.dim(0), stored.dim(1)),
                stored,
                TensorSpec.Transform.NONE))
        .f32(name + ".bias", stored.dim(0));
  }
}
