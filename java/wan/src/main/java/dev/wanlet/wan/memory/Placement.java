// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * Which blocks stay on the device and how many slots the others share. Immutable.
 *
 * @param blocks blocks in all
 * @param resident how many of them stay
 * @param slots pieces of memory that the others are loaded into in turn; 0 if all stay
 */
public record Placement(int blocks, int resident, int slots) {
  public Placement {
    boolean all = resident == blocks && slots == 0;
    boolean some = resident < blocks && slots >= 1 && slots <= blocks - resident;
    if (blocks < 1 || resident < 0 || !(all || some)) {
      throw new IllegalArgumentException(
          resident + " of " + blocks + " blocks resident with " + slots + " slots");
    }
  }

  public static Placement allResident(int blocks) {
    return new Placement(blocks, blocks, 0);
  }

  public boolean isAllResident() {
    return slots == 0;
  }

  /**
   * The blocks that are streamed, in order. They are spread evenly, so that the loader has the
   * computing time of the resident blocks between them to fill a slot.
   */
  public List<Integer> streamed() {
    List<Integer> list = new ArrayList<>();
    int count = blocks - resident;
    for (int i = 0; i < count; i++) {
      list.add((int) ((long) i * blocks / count));
    }
    return List.copyOf(list);
  }
}
