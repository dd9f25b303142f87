// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import java.io.IOException;
import java.util.List;

/**
 * Owner: the weights of a network's blocks, which run one after the other. Which of them are on the
 * device at a time is the implementation's business: all (resident), or a few slots that are
 * refilled while another block computes (streamed).
 *
 * <p>One thread acquires and releases.
 */
public interface BlockWeights extends AutoCloseable {
  int count();

  /**
   * The block's weights on the device, loaded. The returned object stands for the memory: the same
   * object may come back for another block later, so graphs can be kept per object.
   *
   * @throws IOException if the weights cannot be read
   */
  WeightSet acquire(int block) throws IOException;

  /** Says that no graph reads the block's weights any more for now. */
  void release(int block);

  /** Every distinct memory that {@link #acquire} can return. */
  List<WeightSet> places();

  @Override
  void close();
}
