// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.GuidanceSettings;
import dev.wanlet.wan.request.SamplingSettings;
import dev.wanlet.wan.sampling.Denoiser;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FirstFrame;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.Guider;
import dev.wanlet.wan.sampling.Sampler;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.wan.sampling.SamplingListener;
import dev.wanlet.wan.sampling.SamplingLoop;
import dev.wanlet.wan.sampling.StepNoise;
import dev.wanlet.wan.sampling.TorchRandom;
import dev.wanlet.wan.sampling.cache.CacheState;
import dev.wanlet.wan.sampling.cache.CacheTally;
import dev.wanlet.wan.sampling.cache.StepCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The latents of a clip between noise and picture, and the solver that moves them: it can go on
 * after a step, save itself and come back from a saved state. Confined to one thread.
 */
final class ClipSampling {
  private static final System.Logger LOG = System.getLogger(ClipSampling.class.getName());

  /** Without a wish of the user, a state is saved after a step this long after the last one. */
  private static final double CHECKPOINT_SECONDS = 120;

  private final VideoMetadata settings;
  private final SavedRun saved;
  private final Previewer previewer;
  private final RunOptions options;
  private final FlowSchedule schedule;
  private final Sampler sampler;
  private final ExpertSchedule experts;
  private final Guider guider;
  private final Optional<StepCache> cache;
  private final GuidanceSettings guidance;
  private final Shape shape;
  private final float[] latents;
  private final List<Double> stepSeconds = new ArrayList<>();
  private final List<Long> stepUploadedBytes = new ArrayList<>();
  private long uploadedBytes; // in this step
  private long stepStart;
  private long lastCheckpoint = System.nanoTime();
  private int savedSteps;
  private int target;
  private CacheTally tally; // null without a step cache
  private CacheState cacheState = CacheState.NONE; // as it was after the last step
  private FirstFrame first; // null unless a picture gives it
  private boolean begun;
  private WanCondition shown = WanCondition.NONE;

  /**
   * Draws the noise, or goes on from the saved state in the options or the one that was found.
   *
   * @param shape of the latents: [C, T, H, W]
   * @param saved where this run is saved; the caller closes it
   * @param previewer shows the clip meanwhile; closed with this
   * @throws RequestException if the saved state is of another run
   */
  ClipSampling(
      GenerationRequest request,
      RunOptions options,
      VideoMetadata settings,
      Shape shape,
      SavedRun saved,
      Previewer previewer) {
    SamplingSettings s = request.sampling();
    this.settings = settings;
    this.saved = saved;
    this.previewer = previewer;
    this.options = options;
    this.shape = shape;
    this.schedule = s.schedule();
    this.sampler =
        s.method().drawsNoise()
            ? s.method().create(schedule, StepNoise.seeded(request.clip().seed()))
            : s.method().create(schedule);
    this.experts = s.experts();
    this.guider = s.guider();
    this.cache = s.stepCache();
    this.tally = cache.map(c -> CacheTally.of(c.kind())).orElse(null);
    this.guidance = s.guidance();
    this.target = schedule.steps();
    Optional<RunCheckpoint> earlier = options.resumeFrom().or(saved::found);
    if (earlier.isPresent()) {
      requireShape(earlier.get().shape());
      restore(earlier.get());
      latents = earlier.get().latents().clone();
      savedSteps = sampler.nextStep();
      cacheState = earlier.get().cache();
      shown = earlier.get().shown();
      begun = request.pictures().start() != RunPlanner.Start.NOISE;
      if (request.pictures().start() == RunPlanner.Start.FIRST_FRAME) {
        first = FirstFrame.of(latents, (int) shape.dim(0), (int) shape.dim(1));
      }
      options.listener().resumed(savedSteps, steps());
      if (saved.found().isPresent()) {
        options.listener().saved(saved.file());
      }
    } else {
      float[] noise =
          new TorchRandom(request.clip().seed()).randn(Math.toIntExact(shape.elements()));
      // Of what is made over the noise is a part; it is mixed in once that is encoded.
      latents =
          request.pictures().start() == RunPlanner.Start.ENCODED
              ? noise
              : s.method().begin(noise, schedule);
    }
  }

  private void requireShape(Shape earlier) {
    if (!earlier.equals(shape)) {
      throw new RequestException(
          "the saved run has latents of shape " + earlier + ", these settings need " + shape);
    }
  }

  private void restore(RunCheckpoint earlier) {
    for (float[] array : earlier.sampler().history()) {
      if (array.length != shape.elements()) {
        throw new RequestException(
            "the saved run is damaged: its history has "
                + array.length
                + " values for latents of shape "
                + shape);
      }
    }
    try {
      sampler.restore(earlier.sampler());
      guider.restore(earlier.guidance(), sampler.nextStep(), earlier.latents().length);
      if (cache.isPresent()) {
        cache.get().restore(earlier.cache(), sampler.nextStep(), earlier.latents().length);
      }
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /**
   * Gives the latents their first frame, which then stays.
   *
   * @param values [C, 1, h, w], normalised
   */
  void begin(float[] values) {
    first = new FirstFrame(values, (int) shape.dim(0), (int) shape.dim(1));
    first.apply(latents, 0);
    begun = true;
  }

  /**
   * Gives the latents what the clip is made over from, with noise of the first level on top.
   *
   * @param clean [C, T, h, w], normalised
   */
  void beginOver(float[] clean) {
    if (clean.length != latents.length) {
      throw new IllegalArgumentException(
          clean.length + " latents to make over, expected " + latents.length);
    }
    float sigma = schedule.sigma(0);
    for (int k = 0; k < clean.length; k++) {
      latents[k] = (1 - sigma) * clean[k] + sigma * latents[k];
    }
    begun = true;
  }

  /** What the transformer sees of the clip's pictures: it is saved, and comes back on resume. */
  WanCondition shown() {
    return shown;
  }

  void show(WanCondition seen) {
    shown = seen;
  }

  /** Whether the latents have what a picture gives them, or are saved ones. */
  boolean hasBegun() {
    return begun;
  }

  /** The timestep of each token, or of all of them. */
  float[] timesteps(float timestep) {
    int tokens = Math.toIntExact(shape.elements() / shape.dim(0) / WanConfig.PATCH_AREA);
    return first == null ? new float[] {timestep} : first.timesteps(timestep, tokens);
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

  /** How the velocities of a step become one. */
  Guider guider() {
    return guider;
  }

  /** The step cache; empty if every step is computed. */
  Optional<StepCache> cache() {
    return cache;
  }

  /** What the step cache saved here so far; empty without one. */
  Optional<CacheTally> tally() {
    return Optional.ofNullable(tally);
  }

  void tally(UnaryOperator<CacheTally> more) {
    tally = more.apply(tally);
  }

  /** Tells who measures passes what one came to. */
  void tellComputed(int step, int branch, WanSession session, float[] velocity) {
    if (options.passes().isPresent() && session.changes().isPresent()) {
      options
          .passes()
          .get()
          .passDone(
              step,
              branch,
              session.changes().get().ratio(branch),
              session.timeSignal(timestep(step)),
              velocity);
    }
  }

  /** Whether somebody measures passes. */
  boolean isMeasured() {
    return options.passes().isPresent();
  }

  /** What the transformer is told of the noise level before a step. */
  float timestep(int step) {
    return schedule.timestep(step);
  }

  /** The noise level before a step. */
  double sigma(int step) {
    return schedule.sigma(step);
  }

  /** The blocks that the pass without the prompt leaves out at a step. */
  Set<Integer> skippedAt(int step) {
    return guidance.skippedAt(step, schedule);
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

  /** Weights of blocks that went to the device in each step that ran here. */
  List<Long> stepUploadedBytes() {
    return stepUploadedBytes;
  }

  /** So many more bytes of weights went to the device. */
  void uploaded(long bytes) {
    uploadedBytes += bytes;
  }

  /** This state, as it is kept on disk; shares the latents. */
  RunCheckpoint checkpoint() {
    return new RunCheckpoint(
        settings, shape, latents, sampler.state(), guider.state(), cacheState, shown);
  }

  /** Where this run is saved. */
  SavedRun saved() {
    return saved;
  }

  /** Gives up what shows the clip, and where it is saved. */
  void close() {
    previewer.close();
    saved.close();
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
      new SamplingLoop(sampler, previewer.watching(still(denoiser), schedule, guider::isZero))
          .withConstraint(first == null ? (values, step) -> {} : first)
          .withListener(this::stepDone)
          .withCancelled(options.cancellation()::observe)
          .run(latents, target);
    } catch (UncheckedIOException e) {
      saveUnfinished();
      throw e.getCause();
    } catch (RuntimeException | Error e) {
      saveUnfinished();
      throw e;
    }
  }

  /** What a model says of a frame that stays says nothing. */
  private Denoiser still(Denoiser denoiser) {
    return first == null
        ? denoiser
        : (values, timestep, step) -> {
          float[] velocity = denoiser.predict(values, timestep, step);
          first.still(velocity);
          return velocity;
        };
  }

  private void saveUnfinished() {
    if (sampler.nextStep() > savedSteps && checkpoint().isFinite()) {
      save();
    }
  }

  private void stepDone(SamplingListener.Step step) {
    long now = System.nanoTime();
    cacheState = cache.map(StepCache::state).orElse(CacheState.NONE);
    stepSeconds.add((now - stepStart) / 1e9);
    stepUploadedBytes.add(uploadedBytes);
    uploadedBytes = 0;
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
      saved.save(checkpoint());
      savedSteps = sampler.nextStep();
      options.listener().saved(saved.file());
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the run goes on, but could not be saved: {0}",
          Printable.message(e.getMessage()));
    }
  }
}
