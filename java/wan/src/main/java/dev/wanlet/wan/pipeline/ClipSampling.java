// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SamplingSettings;
import dev.wanlet.wan.sampling.Denoiser;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.Sampler;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.wan.sampling.SamplingListener;
import dev.wanlet.wan.sampling.SamplingLoop;
import dev.wanlet.wan.sampling.StepNoise;
import dev.wanlet.wan.sampling.TorchRandom;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The latents of a clip between noise and picture, and the solver that moves them: it can go on
 * after a step, save itself and come back from a saved state. Confined to one thread.
 */
final class ClipSampling {
  private static final System.Logger LOG = System.getLogger(ClipSampling.class.getName());

  /** Without a wish of the user, a state is saved after a step this long after the last one. */
  private static final double CHECKPOINT_SECONDS = 120;

  private final VideoMetadata settings;
  private final Path checkpointFile;
  private final RunOptions options;
  private final FlowSchedule schedule;
  private final Sampler sampler;
  private final ExpertSchedule experts;
  private final Shape shape;
  private final float[] latents;
  private final List<Double> stepSeconds = new ArrayList<>();
  private long stepStart;
  private long lastCheckpoint = System.nanoTime();
  private int savedSteps;
  private int target;

  /**
   * Draws the noise, or goes on from the saved state in the options.
   *
   * @param shape of the latents: [C, T, H, W]
   * @throws RequestException if the saved state is of another run
   */
  ClipSampling(GenerationRequest request, RunOptions options, VideoMetadata settings, Shape shape) {
    SamplingSettings s = request.sampling();
    this.settings = settings;
    this.checkpointFile = RunCheckpoint.fileFor(request.output());
    this.options = options;
    this.shape = shape;
    this.schedule = s.schedule();
    this.sampler =
        s.method().drawsNoise()
            ? s.method().create(schedule, StepNoise.seeded(request.clip().seed()))
            : s.method().create(schedule);
    this.experts =
        ExpertSchedule.atBoundary(
            schedule,
            s.expertBoundary().orElse(0),
            (float) s.highNoiseGuidanceScale(),
            (float) s.guidanceScale());
    this.target = schedule.steps();
    if (options.resumeFrom().isPresent()) {
      RunCheckpoint saved = options.resumeFrom().get();
      requireShape(saved.shape());
      restore(saved.sampler());
      latents = saved.latents().clone();
      savedSteps = sampler.nextStep();
    } else {
      float[] noise =
          new TorchRandom(request.clip().seed()).randn(Math.toIntExact(shape.elements()));
      latents = s.method().begin(noise, schedule);
    }
  }

  private void requireShape(Shape saved) {
    if (!saved.equals(shape)) {
      throw new RequestException(
          "the saved run has latents of shape " + saved + ", these settings need " + shape);
    }
  }

  private void restore(SamplerState saved) {
    for (float[] array : saved.history()) {
      if (array.length != shape.elements()) {
        throw new RequestException(
            "the saved run is damaged: its history has "
                + array.length
                + " values for latents of shape "
                + shape);
      }
    }
    try {
      sampler.restore(saved);
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /** Steps of the whole run. */
  int steps() {
    return schedule.steps();
  }

  /** Steps that are done, those before a saved state included. */
  int stepsDone() {
    return sampler.nextStep();
  }

  /** Which expert runs at a step, and with which guidance. */
  ExpertSchedule experts() {
    return experts;
  }

  /** Shape of the latents: [C, T, H, W]. */
  Shape shape() {
    return shape;
  }

  /** The latents now; the array itself, which the next step overwrites. */
  float[] latents() {
    return latents;
  }

  /** The time of each step that ran here. */
  List<Double> stepSeconds() {
    return stepSeconds;
  }

  /** This state, as it is kept on disk; shares the latents. */
  RunCheckpoint checkpoint() {
    return new RunCheckpoint(settings, shape, latents, sampler.state());
  }

  /** How many steps {@link #advance} goes to; all of them unless this was called. */
  void target(int steps) {
    target = steps;
  }

  boolean isDone() {
    return stepsDone() == steps();
  }

  /**
   * Runs steps up to the {@linkplain #target target}. Whatever ends it early, the steps that are
   * done are saved.
   *
   * @throws SamplingCancelledException if cancelled
   * @throws IOException if streamed weights cannot be read
   */
  void advance(Denoiser denoiser) throws IOException {
    stepStart = System.nanoTime();
    try {
      new SamplingLoop(sampler, denoiser)
          .withListener(this::stepDone)
          .withCancelled(options.cancellation()::isCancelled)
          .run(latents, target);
    } catch (SamplingCancelledException | GgmlException e) {
      saveUnfinished();
      throw e;
    } catch (UncheckedIOException e) {
      saveUnfinished();
      throw e.getCause();
    }
  }

  private void saveUnfinished() {
    if (sampler.nextStep() > savedSteps) {
      save();
    }
  }

  private void stepDone(SamplingListener.Step step) {
    long now = System.nanoTime();
    stepSeconds.add((now - stepStart) / 1e9);
    stepStart = now;
    options.listener().progress(Stage.SAMPLE, step.index() + 1, step.steps());
    boolean last = step.index() + 1 == step.steps();
    boolean due =
        options.checkpointEvery().isPresent()
            ? (step.index() + 1) % options.checkpointEvery().getAsInt() == 0
            : (now - lastCheckpoint) / 1e9 >= CHECKPOINT_SECONDS;
    if (last || due) {
      save();
      lastCheckpoint = System.nanoTime();
      stepStart = lastCheckpoint;
    }
  }

  // A run that cannot save is still worth finishing.
  private void save() {
    try {
      checkpoint().save(checkpointFile);
      savedSteps = sampler.nextStep();
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the run could not be saved to {0}, it goes on: {1}",
          Printable.text(checkpointFile),
          Printable.message(e.getMessage()));
    }
  }
}
