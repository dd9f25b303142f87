// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * All weights of a network that go to the device, known from its configuration alone. Immutable.
 *
 * @param outer the weights around the blocks, with the checkpoint's names
 * @param blocks the blocks in the order in which they run; empty for a network that is not streamed
 */
public record NetworkLayout(WeightLayout outer, List<BlockSpec> blocks) {
  public NetworkLayout {
    blocks = List.copyOf(blocks);
    Set<String> prefixes = new HashSet<>();
    for (BlockSpec block : blocks) {
      if (!prefixes.add(block.prefix())) {
        throw new IllegalArgumentException("block " + block.prefix() + " appears twice");
      }
    }
  }

  /** The distinct layouts among the blocks: blocks that share one can share memory and graphs. */
  public List<WeightLayout> distinctBlocks() {
    return blocks.stream().map(BlockSpec::layout).distinct().toList();
  }
}
