// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/**
 * Host memory of a stage. Clean pages of mapped weight files do not count: they go when something
 * else wants the memory. On a CPU device its buffers count as device memory, not here. All sizes in
 * bytes. Immutable.
 *
 * @param heap Java's heap: latents, contexts, frames
 * @param pinned the loader's ring, or past frames that the VAE keeps on the host
 * @param scratch what the CPU device takes beside ggml's buffers
 * @param copies what else is native: weights on their way into another type, what a step cache
 *     keeps of the blocks' work, frames in the video encoder
 */
public record HostBytes(long heap, long pinned, long scratch, long copies) {
  /** Java itself, and what parsing headers leaves behind. */
  static final long BASE_HEAP = 64L << 20;

  /** Of a stage that this version cannot plan. */
  static final HostBytes NONE = new HostBytes(0, 0, 0, 0);

  public long total() {
    return heap + pinned + scratch + copies;
  }

  /**
   * Refuses a stage that takes more than a budget.
   *
   * @param what the stage's network, for the message: {@code the VAE}
   * @throws MemoryBudgetException if it does
   */
  void requireWithin(MemoryBudget budget, String what) {
    if (total() > budget.hostBytes()) {
      throw new MemoryBudgetException(
          MemoryBudgetException.Kind.HOST, what, total(), budget.hostBytes(), "");
    }
  }
}
