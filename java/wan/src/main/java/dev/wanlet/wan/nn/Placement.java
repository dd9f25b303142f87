// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * Which blocks of a network stay on the device and how many slots the others share. Immutable.
 *
 * @param blocks blocks in all, of whatever kind
 * @param resident how many of them stay
 * @param slots pieces of memory that the others are loaded into in turn; 0 if all stay
 */
public record Placement(int blocks, int resident, int slots) {
  public Placement {
    boolean all = resident == blocks && slots == 0;
    boolean some = resident < blocks && slots >= 1 && slots <= blocks - resident;
    if (blocks < 0 || resident < 0 || !(all || some)) {
      throw new IllegalArgumentException(
          resident + " of " + blocks + " blocks resident with " + slots + " slots");
    }
  }

  /** All blocks stay. */
  public static Placement allResident(int blocks) {
    return new Placement(blocks, blocks, 0);
  }

  /**
   * All blocks pass through that many slots, or one for each where there are fewer. A lone block
   * stays.
   */
  public static Placement allStreamed(int blocks, int slots) {
    return blocks < 2 ? allResident(blocks) : new Placement(blocks, 0, Math.min(slots, blocks));
  }

  public boolean isAllResident() {
    return slots == 0;
  }

  /**
   * The blocks that are streamed, in order. They are spread evenly, so that the loader has the
   * computing time of the resident blocks between them to fill a slot.
   *
   * @param all what stands for each block, in the order in which they run
   */
  public <T> List<T> streamed(List<T> all) {
    if (all.size() != blocks) {
      throw new IllegalArgumentException("a placement of " + blocks + " blocks for " + all.size());
    }
    List<T> list = new ArrayList<>();
    int count = blocks - resident;
    for (int i = 0; i < count; i++) {
      list.add(all.get((int) ((long) i * blocks / count)));
    }
    return List.copyOf(list);
  }
}
