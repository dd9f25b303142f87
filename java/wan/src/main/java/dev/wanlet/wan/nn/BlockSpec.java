// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * One block of a network, known without a checkpoint. A network lists its blocks in the order in
 * which they run; it may have blocks of several kinds. Immutable.
 *
 * @param kind which graph the block has, named as the checkpoint names the list it belongs to:
 *     {@code blocks}, or {@code vace_blocks}
 * @param index its place in that list
 * @param layout its weights, with names relative to {@link #prefix}
 */
public record BlockSpec(String kind, int index, WeightLayout layout) {

  /**
   * All blocks of a list whose weights differ in their types at most.
   *
   * @param types chooses by names of the whole network
   * @param layout the weights of one block
   */
  public static List<BlockSpec> list(
      String kind, int count, TypePolicy types, Function<TypePolicy, WeightLayout> layout) {
    return IntStream.range(0, count)
        .mapToObj(i -> new BlockSpec(kind, i, layout.apply(types.under(prefix(kind, i)))))
        .toList();
  }

  /** What stands before the names of its weights in a checkpoint, such as {@code blocks.3.}. */
  public String prefix() {
    return prefix(kind, index);
  }

  private static String prefix(String kind, int index) {
    return kind + "." + index + ".";
  }
}
