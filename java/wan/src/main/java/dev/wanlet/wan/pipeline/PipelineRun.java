// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.MemoryMeter;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SamplingSettings;
import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.Guidance;
import dev.wanlet.wan.sampling.Sampler;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.wan.sampling.SamplingListener;
import dev.wanlet.wan.sampling.SamplingLoop;
import dev.wanlet.wan.sampling.StepNoise;
import dev.wanlet.wan.sampling.TorchRandom;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * One run of the pipeline, from open files to the finished clip. Used once; confined to one thread.
 */
final class PipelineRun {
  private static final System.Logger LOG = System.getLogger(PipelineRun.class.getName());

  /** Without a wish of the user, a state is saved after a step this long after the last one. */
  private static final double CHECKPOINT_SECONDS = 120;

  /**
   * What a plan may use of the memory that turned out to be free, when another program took some.
   */
  private static final double REPLAN_SHARE = 0.85;

  private static final int MAX_REPLANS = 4;

  private final VideoPipeline pipeline;
  private final OpenModel model;
  private final GenerationRequest request;
  private final RunOptions options;
  private final GenerationListener listener;
  private final Cancellation cancellation;
  private final Map<Stage, Double> stageSeconds = new EnumMap<>(Stage.class);
  private final List<Double> stepSeconds = new ArrayList<>();
  private final VideoMetadata settings;
  private final Path checkpointFile;
  private Backend backend;
  private RunPlanner planner;
  private RunPlanner.Job job;
  private RunPlan plan;
  private MemoryBudget budget;
  private long plannedPeak;
  private long lastCheckpoint = System.nanoTime();

  PipelineRun(
      VideoPipeline pipeline,
      OpenModel model,
      GenerationRequest request,
      RunOptions options,
      GenerationListener listener,
      Cancellation cancellation) {
    this.pipeline = pipeline;
    this.model = model;
    this.request = request;
    this.options = options;
    this.listener = listener;
    this.cancellation = cancellation;
    this.settings = VideoPipeline.settings(request, pipeline.files());
    this.checkpointFile = RunCheckpoint.fileFor(request.output());
  }

  GenerationResult run() throws IOException {
    // 1. Plan everything before anything is loaded.
    Device device = Device.byName(request.compute().device());
    List<int[]> ids =
        TextStage.tokenize(pipeline.files().tokenizer(), VideoPipeline.prompts(request));
    planner = pipeline.planner(model, request, device);
    job = VideoPipeline.job(request, options, ids);
    budget = MemoryBudget.of(request.compute(), device);
    plan = VideoPipeline.plan(planner, job, budget, pipeline.files().model());
    listener.planned(plan);
    try (Backend opened = Backend.open(device)) {
      backend = opened;
      Cancellation.Registration stop = cancellation.onCancel(opened::requestStop);
      try {
        return runStages(ids);
      } finally {
        stop.close();
      }
    }
  }

  private GenerationResult runStages(List<int[]> ids) throws IOException {
    request.compute().threads().ifPresent(backend::setThreads);
    backend.deviceMemory().limit(budget.deviceBytes());
    pipeline.opened(backend);
    // 2. Prompts to contexts.
    List<float[]> contexts = withReplanning(Stage.TEXT, ids.size(), () -> encode(ids));
    // 3. Noise to latents.
    Sampling sampling = new Sampling();
    float[] latents =
        withReplanning(Stage.SAMPLE, request.sampling().steps(), () -> sampling.run(contexts));
    // 4. Latents to frames, frames to the file.
    Path output = withReplanning(Stage.DECODE, request.frames(), () -> decode(latents));
    Files.deleteIfExists(checkpointFile);
    return new GenerationResult(
        output,
        request,
        stepSeconds,
        stageSeconds,
        plannedPeak,
        backend.deviceMemory().peakBytes());
  }

  /** Work of a stage. */
  @FunctionalInterface
  private interface Work<T> {
    T run() throws IOException;
  }

  // Another program may have taken memory since the plan was made: plan smaller and go on from
  // where the stage was.
  private <T> T withReplanning(Stage stage, int total, Work<T> work) throws IOException {
    listener.stageStarted(stage, total);
    long start = System.nanoTime();
    for (int attempt = 1; ; attempt++) {
      cancellation.check();
      plannedPeak = Math.max(plannedPeak, plan.bufferBytes(stage));
      backend.renew(); // each stage's plan counts only its own pools
      try {
        T result = work.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        stageSeconds.put(stage, seconds);
        listener.stageFinished(stage, seconds);
        return result;
      } catch (DeviceMemoryException e) {
        if (attempt == MAX_REPLANS) {
          throw e;
        }
        replan(stage, e);
      } catch (GgmlException e) {
        throw cancellation.isCancelled() && e.code() == ErrorCode.ABORTED ? stopped(stage, e) : e;
      }
    }
  }

  private void replan(Stage stage, DeviceMemoryException failure) {
    MemoryMeter meter = backend.deviceMemory();
    long peak = plan.peakDeviceBytes(stage);
    long room = meter.limitBytes() - meter.currentBytes();
    long free = (long) (REPLAN_SHARE * backend.device().memory().freeBytes());
    // Drivers may call memory free that cannot be had: then only asking for less helps.
    long smaller =
        room < peak ? Math.min(room, free) : Math.min(free, (long) (REPLAN_SHARE * peak));
    LOG.log(
        System.Logger.Level.WARNING,
        "the device has less memory than planned ({0}); planning for {1}",
        failure.getMessage(),
        Bytes.text(smaller));
    plan = planner.replan(plan, stage, job, budget.withDeviceBytes(smaller));
    listener.planned(plan);
  }

  private static RuntimeException stopped(Stage stage, GgmlException cause) {
    CancellationException stopped =
        new CancellationException("stopped on request in the stage " + stage.id());
    stopped.initCause(cause);
    return stopped;
  }

  private List<float[]> encode(List<int[]> ids) throws IOException {
    List<float[]> contexts =
        TextStage.encode(
            backend,
            model.textEncoder(),
            model.textConfig(),
            plan.text(),
            request.compute().precision(),
            ids);
    listener.progress(Stage.TEXT, ids.size(), ids.size());
    return contexts;
  }

  private Path decode(float[] latents) throws IOException {
    return DecodeStage.decode(
        backend,
        model.vae(),
        VaeConfig.infer(model.vae()),
        plan.vae().orElseThrow().memory(),
        latents,
        request,
        settings,
        done -> {
          cancellation.check();
          listener.progress(Stage.DECODE, done, request.frames());
        });
  }

  /** The sampling loop with what it needs to go on after a replan. */
  private final class Sampling {
    private final FlowSchedule schedule;
    private final Sampler sampler;
    private final ExpertSchedule experts;
    private final Shape shape;
    private final float[] latents;
    private long stepStart;
    private int savedSteps;

    Sampling() {
      SamplingSettings s = request.sampling();
      TokenGrid grid = planner.grid(job);
      shape =
          Shape.of(
              model.transformerConfig().outChannels(),
              grid.frames(),
              grid.latentHeight(),
              grid.latentWidth());
      schedule = s.method().schedule(s.steps(), s.flowShift());
      sampler =
          s.method().drawsNoise()
              ? s.method().create(schedule, StepNoise.seeded(request.seed()))
              : s.method().create(schedule);
      experts =
          ExpertSchedule.atBoundary(
              schedule,
              s.expertBoundary().orElse(0),
              (float) s.highNoiseGuidanceScale(),
              (float) s.guidanceScale());
      if (options.resumeFrom().isPresent()) {
        RunCheckpoint saved = options.resumeFrom().get();
        requireShape(saved.shape());
        restore(saved.sampler());
        latents = saved.latents().clone();
        savedSteps = sampler.nextStep();
      } else {
        latents = new TorchRandom(request.seed()).randn(Math.toIntExact(shape.elements()));
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

    float[] run(List<float[]> contexts) throws IOException {
      stepStart = System.nanoTime();
      try (SampleStage denoiser =
          new SampleStage(
              backend,
              model.transformers(),
              model.transformerConfig(),
              plan.transformer(),
              contexts,
              step -> experts.expert(step) == ExpertSchedule.Expert.HIGH_NOISE,
              this::guidance,
              schedule.steps(),
              (step, fraction) ->
                  listener.progress(Stage.SAMPLE, step + fraction, schedule.steps()))) {
        return new SamplingLoop(sampler, denoiser)
            .withListener(this::stepDone)
            .withCancelled(cancellation::isCancelled)
            .run(latents);
      } catch (SamplingCancelledException | GgmlException e) {
        saveUnfinished();
        throw e;
      } catch (UncheckedIOException e) {
        saveUnfinished();
        throw e.getCause();
      }
    }

    /** Keeps the steps that are done, whatever ended the next one. */
    private void saveUnfinished() {
      if (sampler.nextStep() > savedSteps) {
        save();
      }
    }

    private Guidance guidance(int step) {
      return experts.guidance(step);
    }

    private void stepDone(SamplingListener.Step step) {
      long now = System.nanoTime();
      stepSeconds.add((now - stepStart) / 1e9);
      stepStart = now;
      listener.progress(Stage.SAMPLE, step.index() + 1, step.steps());
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
        new RunCheckpoint(settings, shape, latents, sampler.state()).save(checkpointFile);
        savedSteps = sampler.nextStep();
      } catch (IOException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "the run could not be saved to {0}, it goes on: {1}",
            checkpointFile,
            e.getMessage());
      }
    }
  }
}
