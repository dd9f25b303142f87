// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Shape;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Owner: a clip that is being made, step by step. Its prompts are encoded and its noise is drawn.
 * Closing it before it is finished leaves the steps that were saved. Confined to one thread.
 */
public final class SamplingRun implements AutoCloseable {
  private final PipelineRun run;
  private final Cancellation.Registration stop;
  private final Runnable onClose;
  private boolean closed;

  SamplingRun(PipelineRun run, Cancellation.Registration stop, Runnable onClose) {
    this.run = run;
    this.stop = stop;
    this.onClose = onClose;
  }

  /** Steps of the whole run. */
  public int steps() {
    return run.clip().sampling().steps();
  }

  /** Steps that are done. */
  public int stepsDone() {
    return run.clip().sampling().stepsDone();
  }

  /** Whether all steps are done. */
  public boolean isDone() {
    return run.clip().sampling().isDone();
  }

  /**
   * Runs one step; does nothing if all are done.
   *
   * @throws dev.wanlet.wan.sampling.SamplingCancelledException if cancelled, or this thread was
   *     interrupted (and is so again then); the steps that are done are saved
   * @throws IOException if streamed weights cannot be read
   * @throws dev.wanlet.ggml.GgmlException if the device fails
   */
  public void step() throws IOException {
    requireOpen();
    try {
      run.sample(Math.min(steps(), stepsDone() + 1));
    } finally {
      run.clip().cancellation().restoreInterrupt();
    }
  }

  /** Shape of the latents: [C, T, H, W]. */
  public Shape shape() {
    return run.clip().sampling().shape();
  }

  /** A copy of the latents as they are now, normalised, in the order of {@link #shape()}. */
  public float[] latents() {
    return run.clip().sampling().latents().clone();
  }

  /**
   * Saves the run as it is now, replacing an older file in one step; {@link RunOptions#resuming}
   * goes on from it.
   *
   * @throws IOException if the file cannot be written; an older one stays
   */
  public void save(Path file) throws IOException {
    run.clip().sampling().checkpoint().save(file);
  }

  /**
   * Runs the steps that are left, decodes the latents and writes the clip.
   *
   * @throws java.util.concurrent.CancellationException if cancelled, or this thread was interrupted
   *     (and is so again then)
   * @throws dev.wanlet.files.WriteException if the clip cannot be written; the run stays saved
   * @throws IOException if a model file cannot be read
   * @throws dev.wanlet.ggml.GgmlException if the device fails
   */
  public GenerationResult finish() throws IOException {
    requireOpen();
    try {
      GenerationResult result = run.finish();
      close();
      return result;
    } finally {
      run.clip().cancellation().restoreInterrupt();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this run is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      stop.close();
      run.clip().sampling().close();
      onClose.run();
    }
  }
}
