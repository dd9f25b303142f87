// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import java.util.Random;

/**
 * Noise in the place of the pictures and control videos that some transformers must be shown. What
 * stands behind the noisy channels is left to the latents. Stateless.
 */
final class RandomConditions {
  private RandomConditions() {}

  /** What a transformer of that configuration is shown beside latents and prompt. */
  static WanCondition of(WanConfig config, TokenGrid grid, Random random) {
    float[] features = gaussian(random, config.imageTokens() * config.imageDim());
    return new WanCondition(
        new float[0],
        features,
        config.controlBlocks() == 0
            ? WanCondition.Control.NONE
            : new WanCondition.Control(
                gaussian(random, WanCondition.Control.CHANNELS * pixels(grid)), 1));
  }

  /** Noise for all input channels, [C, T, H, W]. */
  static float[] latents(WanConfig config, TokenGrid grid, Random random) {
    return gaussian(random, config.inChannels() * pixels(grid));
  }

  private static int pixels(TokenGrid grid) {
    return grid.frames() * grid.latentHeight() * grid.latentWidth();
  }

  /** So many normally distributed numbers. */
  static float[] gaussian(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
