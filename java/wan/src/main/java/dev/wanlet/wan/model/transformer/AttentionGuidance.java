// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/**
 * Normalized attention guidance (NAG): the negative prompt acts within each cross-attention of the
 * pass with the prompt, so that models which run without guidance know it too. With what attention
 * makes of both prompts, p and n, the result for a token is {@code alpha g + (1 - alpha) p}, where
 * {@code g = scale p - (scale - 1) n}, shortened so that the sum of its absolute values is at most
 * {@code tau} times that of p. What attention makes of pictures stays as it is. Immutable.
 *
 * <p>Source: ChenDarYen/ComfyUI-NAG utils.py, nag, and wan/model.py, NAGWanT2VCrossAttention;
 * arXiv:2505.21179.
 *
 * @param scale how far to go away from the negative prompt; 1 stays where the prompt is
 * @param tau most length of what that gives, in lengths of p; 1 or more
 * @param alpha how much of it is taken, above 0 to 1
 */
public record AttentionGuidance(float scale, float tau, float alpha) {
  /** Scale of the published Wan workflows; tau and alpha as KJNodes has them for a whole run. */
  public static final AttentionGuidance USUAL = new AttentionGuidance(11, 2.5f, 0.25f);

  // As the source: sums below count as this.
  private static final float LEAST_LENGTH = 1e-6f;

  /** Checks the ranges. */
  public AttentionGuidance {
    if (!(scale >= 1 && scale <= 1000 && tau >= 1 && tau <= 1000 && alpha > 0 && alpha <= 1)) {
      throw new IllegalArgumentException(
          "scale "
              + scale
              + ", tau "
              + tau
              + ", alpha "
              + alpha
              + "; expected a scale from 1 to 1000, tau from 1 to 1000, alpha above 0 to 1");
    }
  }

  /**
   * Guides.
   *
   * @param with what attention makes of the prompt, [rows, D], F32
   * @param negative likewise of the negative prompt
   * @return [rows, D]
   */
  Tensor apply(GraphBuilder g, Tensor with, Tensor negative) {
    Tensor guided = g.addInPlace(g.scale(negative, 1 - scale), g.scale(with, scale));
    Tensor most = g.scale(length(g, with), tau);
    Tensor shortened = g.clamp(g.div(most, length(g, guided)), 0, 1);
    guided = g.mulInPlace(guided, g.scale(shortened, alpha));
    return g.addInPlace(guided, g.scale(with, 1 - alpha));
  }

  /** Sum of absolute values of each row, [rows, 1]. */
  private static Tensor length(GraphBuilder g, Tensor x) {
    return g.clamp(g.sumRows(g.sqrt(g.sqr(x))), LEAST_LENGTH, Float.MAX_VALUE);
  }
}
