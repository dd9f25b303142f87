// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.preview.Preview;
import java.nio.FloatBuffer;
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

  /**
   * All steps are done, and nothing changes the latents any more; told once, before they are
   * decoded.
   *
   * @param shape [C, T, H, W]
   * @param latents normalised, in the order of {@code shape}; cannot be written
   */
  default void sampled(Shape shape, FloatBuffer latents) {}

  /** A listener that hears everything, and then lets the other one hear it. */
  default GenerationListener and(GenerationListener other) {
    GenerationListener first = this;
    return new GenerationListener() {
      @Override
      public void planned(RunPlan plan) {
        first.planned(plan);
        other.planned(plan);
      }

      @Override
      public void adapted(List<String> summaries) {
        first.adapted(summaries);
        other.adapted(summaries);
      }

      @Override
      public void resumed(int step, int steps) {
        first.resumed(step, steps);
        other.resumed(step, steps);
      }

      @Override
      public void saved(Path file) {
        first.saved(file);
        other.saved(file);
      }

      @Override
      public void stageStarted(Stage stage, int total) {
        first.stageStarted(stage, total);
        other.stageStarted(stage, total);
      }

      @Override
      public void progress(Stage stage, double done, int total) {
        first.progress(stage, done, total);
        other.progress(stage, done, total);
      }

      @Override
      public void previewed(Preview preview) {
        first.previewed(preview);
        other.previewed(preview);
      }

      @Override
      public void stageFinished(Stage stage, double seconds) {
        first.stageFinished(stage, seconds);
        other.stageFinished(stage, seconds);
      }

      @Override
      public void sampled(Shape shape, FloatBuffer latents) {
        first.sampled(shape, latents.duplicate());
        other.sampled(shape, latents.duplicate());
      }
    };
  }
}
