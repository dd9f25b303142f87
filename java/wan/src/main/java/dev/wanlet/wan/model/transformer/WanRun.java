// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import java.util.List;
import java.util.Optional;

/**
 * What one clip asks of the transformer; with the configuration it determines every byte.
 * Immutable.
 *
 * @param grid the tokens
 * @param chunks how they are cut
 * @param prompts the prompt, and the negative prompt where guidance is on, of one kind or the other
 * @param passes how many there are: the first is that of the prompt, a second that of the negative
 *     one
 * @param layerMajor whether all passes go through a block while its weights are there; else one
 *     after the other goes through the whole network
 * @param timesteps how many different timesteps the tokens have at a time (2 for image conditioning
 *     of Wan 2.2 TI2V, else 1)
 * @param keepsTextKeys whether cross-attention's keys and values of every block, those of pictures
 *     too, stay for the whole clip; else each block makes its own anew when its turn comes, which
 *     costs its share of a step (a five-hundredth of one at 832x480x81) and saves 800 MiB of Wan
 *     14B with two full prompts
 * @param keepsBlocks whether what the blocks did is kept on the host, for steps that do without
 *     them
 * @param attention what the negative prompt does within the first pass; empty for nothing
 */
public record WanRun(
    TokenGrid grid,
    RowChunks chunks,
    List<PromptRows> prompts,
    int passes,
    boolean layerMajor,
    int timesteps,
    Precision precision,
    boolean keepsTextKeys,
    boolean keepsBlocks,
    Optional<AttentionGuidance> attention) {
  /**
   * A run that keeps the prompts' keys and values, and whose every pass goes through the blocks.
   */
  public WanRun(
      TokenGrid grid,
      RowChunks chunks,
      List<PromptRows> prompts,
      boolean layerMajor,
      int timesteps,
      Precision precision) {
    this(grid, chunks, prompts, layerMajor, timesteps, precision, true, false);
  }

  /** A run of one pass for each prompt. */
  public WanRun(
      TokenGrid grid,
      RowChunks chunks,
      List<PromptRows> prompts,
      boolean layerMajor,
      int timesteps,
      Precision precision,
      boolean keepsTextKeys,
      boolean keepsBlocks) {
    this(
        grid,
        chunks,
        prompts,
        prompts.size(),
        layerMajor,
        timesteps,
        precision,
        keepsTextKeys,
        keepsBlocks,
        Optional.empty());
  }

  public WanRun {
    prompts = List.copyOf(prompts);
    boolean passesFit =
        attention.isPresent()
            ? prompts.size() == 2 && passes >= 1 && passes <= 2
            : !prompts.isEmpty() && passes == prompts.size();
    if (chunks.tokens() != grid.tokens() || !passesFit || timesteps < 1) {
      throw new IllegalArgumentException(
          "chunks for "
              + chunks.tokens()
              + " of "
              + grid.tokens()
              + " tokens, "
              + prompts.size()
              + " prompts in "
              + passes
              + " passes, "
              + timesteps
              + " timesteps");
    }
  }

  /** Residual streams alive at a time. */
  public int streams() {
    return layerMajor ? passes : 1;
  }

  /** The same run with the prompts' keys and values kept, or not. */
  public WanRun withTextKeys(boolean kept) {
    return new WanRun(
        grid,
        chunks,
        prompts,
        passes,
        layerMajor,
        timesteps,
        precision,
        kept,
        keepsBlocks,
        attention);
  }

  /** The same run with the negative prompt, the second one, at work within the first pass. */
  public WanRun withAttention(AttentionGuidance guidance, int ofPasses) {
    return new WanRun(
        grid,
        chunks,
        prompts,
        ofPasses,
        layerMajor,
        timesteps,
        precision,
        keepsTextKeys,
        keepsBlocks,
        Optional.of(guidance));
  }

  /** How many prompts a pass attends to: its own, and with attention guidance also the other. */
  int promptsOf(int pass) {
    return pass == 0 && attention.isPresent() ? 2 : 1;
  }

  /** The type of self-attention's and cross-attention's keys and values. */
  public TensorType keyType() {
    return precision == Precision.F32 ? TensorType.F32 : TensorType.F16;
  }
}
