// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.device;

import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;

/**
 * A graphics card on paper: what its maker publishes, for planning and predicting where the card
 * itself is not at hand. Immutable.
 *
 * @param id stable name, such as {@code rtx-4060}
 * @param title what people call it
 * @param memoryBytes on the card
 * @param heldBytes what a desktop and its programs hold of it
 * @param bandwidthBytesPerSecond of its memory
 * @param halfFlops peak of dense products in half precision that are summed in F32
 * @param sustained the part of that peak that long products and attention are expected to reach
 * @param link how it is connected
 * @param backend that would run it, such as CUDA
 * @param source where the figures come from, in words
 */
public record DeviceSpec(
    String id,
    String title,
    long memoryBytes,
    long heldBytes,
    double bandwidthBytesPerSecond,
    double halfFlops,
    double sustained,
    Link link,
    String backend,
    String source) {
  /** What unpacking weights costs a product, in rows. */
  static final double OVERHEAD_ROWS = 24;

  /** What the VAE's convolutions reach of the rate of products. */
  static final double CONVOLUTIONS = 0.3;

  /** A solid-state disk as most desktops of the last years have it. */
  static final double DISK_BYTES_PER_SECOND = 2.5e9;

  /**
   * What drivers and compute libraries take of the card's memory before the first buffer: a context
   * with its modules and workspaces.
   */
  static final long CONTEXT_BYTES = 750L << 20;

  /**
   * A connection to host memory. Immutable.
   *
   * @param title such as PCIe 4.0 x8
   * @param bytesPerSecond that uploads reach in practice
   */
  public record Link(String title, double bytesPerSecond) {}

  /** Device memory that is left for a run. */
  public long usableBytes() {
    return Math.max(0, memoryBytes - heldBytes - CONTEXT_BYTES);
  }

  /** The budget of a run on a machine with this card and so much free host memory. */
  public MemoryBudget budget(long hostBytes) {
    return new MemoryBudget(usableBytes(), hostBytes);
  }

  /** What the card is expected to sustain; a prediction, and it says so. */
  public DeviceRates rates() {
    return new DeviceRates(
        sustained * halfFlops,
        OVERHEAD_ROWS,
        sustained * halfFlops,
        CONVOLUTIONS * sustained * halfFlops,
        link.bytesPerSecond(),
        DISK_BYTES_PER_SECOND,
        "predicted from the data sheet of " + title);
  }
}
