// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.preview.Preview;
import java.nio.file.Path;
import java.util.List;

/**
 * Hears how a run goes on. Called on the thread that runs the pipeline, never at the same time; an
 * exception thrown here ends the run. A lambda hears of progress alone.
 */
@FunctionalInterface
public interface GenerationListener {
  /** Does nothing. */
  GenerationListener SILENT = (stage, done, total) -> {};

  /**
   * What the run will take is known; nothing was loaded yet. Called again if it has to plan anew.
   */
  default void planned(RunPlan plan) {}

  /**
   * Adapters were matched with the model; before the plan.
   *
   * @param summaries a line each: how many modules match, what was left out and why
   */
  default void adapted(List<String> summaries) {}

  /**
   * The run goes on from what an earlier one saved.
   *
   * @param step how many sampling steps were done
   * @param steps of the whole run
   */
  default void resumed(int step, int steps) {}

  /**
   * The run was saved, after a step or because it ends early.
   *
   * @param file see {@link RunCheckpoint#load}
   */
  default void saved(Path file) {}

  /**
   * A stage begins.
   *
   * @param total how many {@linkplain Stage#unit() units} it has
   */
  default void stageStarted(Stage stage, int total) {}

  /**
   * A stage has come further.
   *
   * @param done units finished, with a fraction for the one under way (a block of a step)
   * @param total as in {@link #stageStarted}
   */
  void progress(Stage stage, double done, int total);

  /** Pictures of what the clip would be now; where {@link RunOptions#previews} asks for them. */
  default void previewed(Preview preview) {}

  /** A stage is through. */
  default void stageFinished(Stage stage, double seconds) {}
}
