// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Skip-layer guidance in the form that costs nothing: blocks of the transformer that the pass
 * without the prompt leaves out, so that guidance leads away from a clip of worse structure.
 * Written {@code 9} or {@code 9,10}. Immutable.
 *
 * <p>Reference: SLG as Wan2GP and ComfyUI-KJNodes have it for Wan ("skip layers in uncond").
 *
 * @param blocks places in the network, from 0
 */
public record SkippedBlocks(Set<Integer> blocks) {
  /** No network has more. */
  private static final int MOST = 1000;

  /** Copies the set and checks its range. */
  public SkippedBlocks {
    blocks = Set.copyOf(blocks);
    if (blocks.isEmpty() || blocks.stream().anyMatch(b -> b < 0 || b >= MOST)) {
      throw new IllegalArgumentException("blocks " + blocks + "; expected some from 0 on");
    }
  }

  /**
   * Reads numbers with commas between them.
   *
   * @throws IllegalArgumentException if it is no such list; the message quotes it
   */
  public static SkippedBlocks parse(String text) {
    List<Integer> blocks = new ArrayList<>();
    try {
      for (String number : text.split(",", -1)) {
        blocks.add(Integer.valueOf(number.strip()));
      }
      return new SkippedBlocks(Set.copyOf(blocks));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a list of blocks; expected such as 9 or 9,10", e);
    }
  }

  /** As {@link #parse} reads it, in order. */
  @Override
  public String toString() {
    return new TreeSet<>(blocks).stream().map(Object::toString).collect(Collectors.joining(","));
  }
}
