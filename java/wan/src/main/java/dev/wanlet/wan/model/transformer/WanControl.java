// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static dev.wanlet.wan.model.transformer.WanConfig.PATCH_AREA;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.Linear;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;

/**
 * The control branch of VACE: a stream of its own beside the residual stream, which blocks of its
 * own take further, and each of these blocks adds a hint to the residual stream. A view of its
 * weights; confined to one thread.
 *
 * <p>The reference makes all hints first, of the residual stream as it is before the first block.
 * Since no block changes the branch, each control block runs just as well right behind the block
 * whose output its hint is added to, and no hint outlives its chunk.
 *
 * <p>Source: Wan2.1 wan/modules/vace_model.py, VaceWanModel, VaceWanAttentionBlock and
 * BaseWanAttentionBlock.
 */
final class WanControl {
  /** Latents of what is kept and of what is made anew, 16 channels each, and the mask's 64. */
  static final int CHANNELS = 96;

  /** What the name of the embedding begins with, which no other variant has. */
  static final String PATCHES = "vace_patch_embedding";

  private static final String BLOCKS = "vace_blocks";
  private static final String BEFORE = BLOCKS + ".0.before_proj";
  private static final String AFTER = "after_proj";

  private final WeightSet weights;
  private final Taps taps;

  WanControl(WeightSet weights, Taps taps) {
    this.weights = weights;
    this.taps = taps;
  }

  /**
   * How many control blocks a checkpoint has.
   *
   * @throws WeightFormatException if it has a control branch that is not one of VACE
   */
  static int countBlocks(WeightSource source) throws WeightFormatException {
    if (source.find(PATCHES + ".weight").isEmpty()) {
      return 0;
    }
    Shape patch = WanConfig.shape(source, PATCHES + ".weight", -1);
    int blocks = 0;
    while (source.find(BLOCKS + "." + blocks + "." + AFTER + ".weight").isPresent()) {
      blocks++;
    }
    if (patch.elements() != patch.dim(0) * CHANNELS * PATCH_AREA || blocks == 0) {
      throw new WeightFormatException(
          source.files().get(0),
          String.format(
              "its control branch has %d blocks and a '%s.weight' of shape %s, expected at least one"
                  + " block and %d channels",
              blocks, PATCHES, patch, CHANNELS));
    }
    return blocks;
  }

  /** Adds the weights around the control blocks; they work before the first block does. */
  static void addOuter(WeightLayout.Builder b, WanConfig c) {
    int patch = CHANNELS * PATCH_AREA;
    b.add(
        new TensorSpec(
            PATCHES + ".weight",
            TensorType.F32,
            Shape.of(c.dim(), patch),
            Shape.of(c.dim(), CHANNELS, 1, 2, 2),
            TensorSpec.Transform.NONE));
    b.f32(PATCHES + ".bias", c.dim()).sidePaths(PATCHES, c.dim(), patch);
    b.linear(BEFORE, c.dim(), c.dim());
  }

  /** Puts the control blocks behind the blocks that their hints are for. */
  static List<BlockSpec> among(List<BlockSpec> blocks, WanConfig c, TypePolicy types) {
    List<BlockSpec> control =
        BlockSpec.list(BLOCKS, c.controlBlocks(), types, t -> blockLayout(c, t));
    List<BlockSpec> all = new ArrayList<>();
    for (BlockSpec block : blocks) {
      all.add(block);
      if (hasHint(c, block.index())) {
        all.add(control.get(block.index() / everyNth(c)));
      }
    }
    return all;
  }

  /** The distance between blocks that get a hint, of which the first is one. */
  private static int everyNth(WanConfig c) {
    return c.layers() / c.controlBlocks();
  }

  private static boolean hasHint(WanConfig c, int block) {
    return c.controlBlocks() > 0 && block % everyNth(c) == 0;
  }

  /**
   * The place, among the blocks beside the branch, of the one that a control block's hint is for.
   */
  static int hinted(WanConfig c, int controlBlock) {
    return controlBlock * everyNth(c);
  }

  private static WeightLayout blockLayout(WanConfig c, TypePolicy types) {
    WeightLayout.Builder b = WeightLayout.builder(types);
    WanBlock.layout(c, types).specs().forEach(b::add);
    return b.linear(AFTER, c.dim(), c.dim()).build();
  }

  /** Whether a block is one of the branch. */
  static boolean isControl(BlockSpec block) {
    return block.kind().equals(BLOCKS);
  }

  /** Whether weights are those of a block of the branch. */
  static boolean isControl(WeightSet weights) {
    return weights.has(AFTER + ".weight");
  }

  private Linear linear(String name) {
    return new Linear(weights, name);
  }

  /**
   * The stream before the first control block.
   *
   * @param patches of the control channels, [rows, 96 * 4], F32
   * @param x the embedded latents, [rows, D]
   * @return [rows, D]
   */
  Tensor begin(GraphBuilder g, Tensor patches, Tensor x) {
    Tensor c = linear(PATCHES).forward(g, patches);
    taps.tap(g, c, PATCHES);
    return g.addInPlace(linear(BEFORE).forward(g, c), x);
  }

  /**
   * Adds a control block's hint.
   *
   * @param c the stream behind the block, [rows, D]
   * @param x the output of the block it is for, [rows, D]; not overwritten
   * @param strength [1], F32
   * @return [rows, D]
   */
  Tensor addHint(GraphBuilder g, Tensor c, Tensor x, Tensor strength) {
    Tensor hint = linear(AFTER).forward(g, c);
    taps.tap(g, hint, "hint");
    return g.addInPlace(g.mulInPlace(hint, strength), x);
  }
}
