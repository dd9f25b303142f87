// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

/**
 * A change to a tensor's elements before they are stored. Thread-safe: slices of one tensor are
 * patched on several threads.
 */
interface TensorPatch {
  /**
   * Adds the change to a range of elements.
   *
   * @param values the elements from {@code elementOffset} on
   * @param elementOffset the first one's place in the tensor, in memory order
   */
  void addTo(float[] values, int count, long elementOffset);

  /** Drops what was loaded for this tensor; called once all slices are done. */
  void release();
}
