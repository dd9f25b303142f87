// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.pipeline.preview.PreviewOptions;
import dev.wanlet.wan.pipeline.prompts.PromptCache;
import dev.wanlet.wan.sampling.cache.PassListener;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a run goes about its work, beside what it makes. Nothing here changes the clip. Immutable,
 * but for the wish to stop in {@link #cancellation()}.
 *
 * @param checkpointEvery steps between saved states; empty: every two minutes and after the last
 *     step
 * @param resumeFrom a saved state to go on from; empty: the one that an earlier run of the same
 *     request left beside the output, if it did
 * @param overwriteSaved begin anew, and lose what earlier runs to the same output saved
 * @param listener hears of the plan and of progress, on the thread that runs the pipeline
 * @param cancellation ends the run within one block; what was saved can be resumed. An interrupt of
 *     the thread that runs the clip does the same
 * @param passes hears what passes come to, to measure a table for step caches; mostly nobody
 * @param previews how the clip is shown on the way; empty: not at all
 * @param prompts keeps encoded prompts between runs; empty: nothing is kept
 */
public record RunOptions(
    OptionalInt checkpointEvery,
    Optional<RunCheckpoint> resumeFrom,
    boolean overwriteSaved,
    GenerationListener listener,
    Cancellation cancellation,
    Optional<PassListener> passes,
    Optional<PreviewOptions> previews,
    Optional<PromptCache> prompts) {

  public RunOptions {
    Objects.requireNonNull(passes);
    Objects.requireNonNull(resumeFrom);
    Objects.requireNonNull(listener);
    Objects.requireNonNull(cancellation);
    Objects.requireNonNull(previews);
    Objects.requireNonNull(prompts);
    if (checkpointEvery.isPresent() && checkpointEvery.getAsInt() < 1) {
      throw new RequestException(
          "a checkpoint every " + checkpointEvery.getAsInt() + " steps; expected 1 or more");
    }
  }

  /** From the start or where the same request stopped, in silence, and to the end. */
  public static RunOptions defaults() {
    return new RunOptions(
        OptionalInt.empty(),
        Optional.empty(),
        false,
        GenerationListener.SILENT,
        new Cancellation(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** These options with a saved state after so many steps. */
  public RunOptions withCheckpointEvery(int steps) {
    return new RunOptions(
        OptionalInt.of(steps),
        resumeFrom,
        overwriteSaved,
        listener,
        cancellation,
        passes,
        previews,
        prompts);
  }

  /** These options, going on from a saved state. */
  public RunOptions resuming(RunCheckpoint checkpoint) {
    return new RunOptions(
        checkpointEvery,
        Optional.of(checkpoint),
        overwriteSaved,
        listener,
        cancellation,
        passes,
        previews,
        prompts);
  }

  /** These options, beginning anew whatever earlier runs to the same output saved. */
  public RunOptions overwritingSaved() {
    return new RunOptions(
        checkpointEvery, resumeFrom, true, listener, cancellation, passes, previews, prompts);
  }

  /** These options with somebody who hears how the run goes on. */
  public RunOptions withListener(GenerationListener hears) {
    return new RunOptions(
        checkpointEvery,
        resumeFrom,
        overwriteSaved,
        hears,
        cancellation,
        passes,
        previews,
        prompts);
  }

  /** These options with a way to stop the run. */
  public RunOptions withCancellation(Cancellation stops) {
    return new RunOptions(
        checkpointEvery, resumeFrom, overwriteSaved, listener, stops, passes, previews, prompts);
  }

  /** These options with somebody who measures passes; see {@link PassListener}. */
  public RunOptions withPasses(PassListener measures) {
    return new RunOptions(
        checkpointEvery,
        resumeFrom,
        overwriteSaved,
        listener,
        cancellation,
        Optional.of(measures),
        previews,
        prompts);
  }

  /** These options with pictures on the way; {@link GenerationListener#previewed} gets them. */
  public RunOptions withPreviews(PreviewOptions wish) {
    return new RunOptions(
        checkpointEvery,
        resumeFrom,
        overwriteSaved,
        listener,
        cancellation,
        passes,
        Optional.of(wish),
        prompts);
  }

  /** These options with a place where encoded prompts are kept. */
  public RunOptions withPromptCache(PromptCache cache) {
    return new RunOptions(
        checkpointEvery,
        resumeFrom,
        overwriteSaved,
        listener,
        cancellation,
        passes,
        previews,
        Optional.of(cache));
  }
}
