// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.tae;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TensorSpec.Transform;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.wan.nn.frames.FrameSettings;

/**
 * The names of a small decoder's weights, and how they are computed with. Stateless.
 *
 * <p>Source: madebyollin/taehv taehv.py, the {@code nn.Sequential} of {@code TAEHV.decoder}: its
 * numbers count layers without weights too.
 */
final class TaeNames {
  static final String FIRST = "decoder.1";
  static final String LAST = "decoder.22";

  /** Convolutions of a block with memory. */
  static final int CONVOLUTIONS = 3;

  private static final int FIRST_LEVEL = 3;
  private static final int LAYERS_IN_LEVEL = 6;
  private static final int SIDE = 3;

  private TaeNames() {}

  /** A block with memory. */
  static String block(int level, int index) {
    return "decoder." + (FIRST_LEVEL + LAYERS_IN_LEVEL * level + index);
  }

  /** One of the three convolutions of a block. */
  static String convolution(String block, int index) {
    return block + ".conv." + 2 * index;
  }

  /** The product that makes more frames. */
  static String grow(int level) {
    return "decoder." + (FIRST_LEVEL + LAYERS_IN_LEVEL * level + TaeConfig.BLOCKS + 1) + ".conv";
  }

  /** The convolution behind a doubling; without a bias. */
  static String doubled(int level) {
    return "decoder." + (FIRST_LEVEL + LAYERS_IN_LEVEL * level + TaeConfig.BLOCKS + 2);
  }

  /** All weights, with the names and shapes that a checkpoint has. */
  static WeightLayout layout(TaeConfig config) {
    return layout(config, new FrameSettings(TensorType.F16, ConvMethod.GATHER, 1, true, 0));
  }

  /** All weights as they are computed with. */
  static WeightLayout layout(TaeConfig config, FrameSettings settings) {
    WeightLayout.Builder layout = WeightLayout.builder(TypePolicy.ALL_F32);
    add(layout, settings, FIRST, config.widths().get(0), config.zDim(), 1, true);
    for (int level = 0; level < TaeConfig.LEVELS; level++) {
      int width = config.widths().get(level);
      for (int block = 0; block < TaeConfig.BLOCKS; block++) {
        for (int i = 0; i < CONVOLUTIONS; i++) {
          String name = convolution(block(level, block), i);
          add(layout, settings, name, width, width, i == 0 ? 2 : 1, true);
        }
      }
      int rows = config.grown().get(level);
      layout.add(
          new TensorSpec(
              grow(level) + ".weight",
              TensorType.F32,
              Shape.of(rows, width),
              Shape.of(rows, width, 1, 1),
              Transform.NONE));
      add(layout, settings, doubled(level), config.widths().get(level + 1), width, 1, false);
    }
    int last = config.widths().get(TaeConfig.LEVELS);
    add(layout, settings, LAST, config.outChannels(), last, 1, true);
    return layout.build();
  }

  /**
   * A 3 x 3 convolution.
   *
   * @param joined inputs of {@code in} channels each
   */
  private static void add(
      WeightLayout.Builder layout,
      FrameSettings settings,
      String name,
      int out,
      int in,
      int joined,
      boolean bias) {
    boolean gathers = settings.method() == ConvMethod.GATHER;
    Shape stored = Shape.of(out, (long) joined * in, SIDE, SIDE);
    Shape matrix = Shape.of(out, (long) joined * SIDE * SIDE * in);
    Transform transform = joined == 2 ? Transform.PAIR_CHANNELS_LAST : Transform.CHANNELS_LAST;
    layout.add(
        new TensorSpec(
            name + ".weight",
            settings.convolutionType(),
            gathers ? matrix : stored,
            stored,
            gathers ? transform : Transform.NONE));
    if (bias) {
      layout.add(TensorSpec.of(name + ".bias", TensorType.F32, out));
    }
  }
}
