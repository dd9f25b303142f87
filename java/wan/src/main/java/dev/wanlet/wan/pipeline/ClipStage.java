// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StagePlanner;
import java.io.IOException;

/**
 * A kind of stage that clips are made in: how it is planned, and who runs it. A new one is a class
 * of this kind and a line in {@link VideoPipeline#STAGES}. Immutable.
 */
interface ClipStage {
  /** The planner of this stage for a model. */
  StagePlanner planner(ModelFacts facts);

  /**
   * Checks that a model's files hold the weights of this stage's network in their shapes; reads
   * none of them.
   *
   * @throws IOException with what is missing or has another shape
   */
  void requireWeights(OpenModel model) throws IOException;

  /** How many {@linkplain dev.wanlet.wan.memory.Stage#unit() units} the stage has for a clip. */
  int units(Clip clip);

  /** Whether a clip has already what the stage would make of it, so that it need not be opened. */
  default boolean isDone(Clip clip) {
    return false;
  }

  /**
   * Makes ready to run as planned. Takes what it needs now or when it runs, but never more than the
   * plan says.
   *
   * @throws IOException if a weight cannot be read
   * @throws dev.wanlet.ggml.DeviceMemoryException if the device has not the memory that was planned
   */
  StageRunner open(OpenModel model, Backend backend, StagePlan plan) throws IOException;
}
