// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.model.transformer.AttentionGuidance;
import java.util.Optional;

/**
 * What guidance makes of the steps of a run. Immutable.
 *
 * @param guided steps of two passes: with and without the prompt
 * @param single steps of one pass
 * @param none steps that move nothing and need no pass
 * @param skippedBlocks blocks that passes leave out, over the whole run
 * @param keptArrays arrays as long as the latents that guidance remembers between steps
 * @param cache what a step cache makes of the passes
 * @param attention what the negative prompt does within the passes of the prompt; empty for nothing
 */
public record StepPasses(
    int guided,
    int single,
    int none,
    int skippedBlocks,
    int keptArrays,
    CacheUse cache,
    Optional<AttentionGuidance> attention) {
  /**
   * What a step cache makes of the passes of a run. Immutable.
   *
   * @param reused passes that do without the blocks, as far as that is known before the run
   * @param known whether it is
   * @param keepsBlocks whether what the blocks did is kept for every token
   * @param keptArrays arrays as long as the latents that the cache remembers between steps
   */
  public record CacheUse(int reused, boolean known, boolean keepsBlocks, int keptArrays) {
    /** No step cache. */
    public static final CacheUse NONE = new CacheUse(0, true, false, 0);
  }

  /** A run without a step cache, and without attention guidance. */
  public StepPasses(int guided, int single, int none, int skippedBlocks, int keptArrays) {
    this(guided, single, none, skippedBlocks, keptArrays, CacheUse.NONE, Optional.empty());
  }

  /** A run whose every step takes as many passes as there are prompts. */
  public static StepPasses plain(int steps, int prompts) {
    return prompts > 1 ? new StepPasses(steps, 0, 0, 0, 0) : new StepPasses(0, steps, 0, 0, 0);
  }

  /** The most passes of a step. */
  public int most() {
    return guided > 0 ? 2 : 1;
  }

  /** Passes of the whole run, those that do without the blocks among them. */
  public int total() {
    return 2 * guided + single;
  }

  /**
   * Predicted time of all steps; weights of skipped blocks are loaded all the same.
   *
   * @param twoPasses seconds of a guided step
   * @param onePass seconds of a step of one pass
   * @param blocks of the transformer
   */
  double seconds(double twoPasses, double onePass, int blocks) {
    double skipped = skippedBlocks * Math.max(0, twoPasses - onePass) / blocks;
    double all = guided * twoPasses + single * onePass - skipped;
    return total() == 0 ? all : all * (total() - cache.reused()) / total();
  }
}
