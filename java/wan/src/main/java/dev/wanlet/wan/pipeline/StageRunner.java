// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.memory.StagePlan;
import java.io.IOException;

/**
 * Owner: a stage with its network on the device, opened by {@link ClipStage#open}. It may run for
 * several clips before it is closed. Confined to one thread.
 */
interface StageRunner extends AutoCloseable {
  /**
   * Does the stage's work for a clip, from where the clip is: after a failure another runner goes
   * on. Tells the clip of each unit that is done.
   */
  void run(Clip clip) throws IOException;

  /**
   * Changes over to another plan of the same stage without loading its weights anew.
   *
   * @return whether that is possible; if not, this runner must be closed
   */
  default boolean adapt(StagePlan plan) {
    return false;
  }

  @Override
  void close();
}
