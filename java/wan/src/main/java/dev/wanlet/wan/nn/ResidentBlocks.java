// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Backend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Owner: all blocks on the device at once. Thread-safe after construction. */
public final class ResidentBlocks implements BlockWeights {
  private final List<WeightSet> blocks = new ArrayList<>();

  /**
   * Loads all blocks.
   *
   * @param layouts the layout of each block, with names relative to it
   * @param readers the reader of each block
   */
  public ResidentBlocks(
      Backend backend, List<WeightLayout> layouts, IntFunction<WeightReader> readers)
      throws IOException {
    try {
      for (int i = 0; i < layouts.size(); i++) {
        blocks.add(WeightSet.load(backend, layouts.get(i), readers.apply(i)));
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public int count() {
    return blocks.size();
  }

  @Override
  public WeightSet acquire(int block) {
    return blocks.get(block);
  }

  @Override
  public void release(int block) {
    // stays where it is
  }

  @Override
  public List<WeightSet> places() {
    return List.copyOf(blocks);
  }

  @Override
  public void close() {
    blocks.forEach(WeightSet::close);
  }
}
