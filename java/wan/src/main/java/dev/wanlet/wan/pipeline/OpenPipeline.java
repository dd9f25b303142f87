// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.pipeline.control.ClipLatents;
import dev.wanlet.wan.pipeline.prompts.ClipPrompts;
import dev.wanlet.wan.request.ClipSpec;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Owner: a model that makes one clip after another. Files stay mapped, and what fits the budget
 * stays ready on the device: weights, slots and graphs. Each clip is the same, bit for bit, as if a
 * pipeline of its own had made it.
 *
 * <p>Makes one clip at a time: a second call while a {@link SamplingRun} is open is refused. Apart
 * from {@link Cancellation#cancel()} and {@link DeviceLease#heldBytes()}, which may come from any
 * thread, it is confined to one thread at a time.
 */
public final class OpenPipeline implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OpenPipeline.class.getName());

  private final VideoPipeline pipeline;
  private final OpenModel model;
  private final DeviceLease lease;
  private SamplingRun current;
  private boolean closed;
  private final Set<ClipStage> fitting = new HashSet<>();
  private Planned last;
  private OpenAdapters adapters = OpenAdapters.NONE;
  private ModelPrints prints; // null until a clip is begun

  /** A plan with what it was made for. */
  private record Planned(
      RunPlanner.Job clip,
      List<AdapterFile> adapters,
      Optional<TaeFile> tae,
      ComputeSettings compute,
      RunPlan plan) {}

  /** Takes ownership of the model. */
  OpenPipeline(VideoPipeline pipeline, OpenModel model, DeviceLease lease) {
    this.pipeline = pipeline;
    this.model = model;
    this.lease = lease;
  }

  /** What this holds on the device, and the way to have it given back between clips. */
  public DeviceLease lease() {
    return lease;
  }

  /** Makes a clip, in silence and to the end; throws as the other form does. */
  public GenerationResult generate(GenerationRequest request) throws IOException {
    return generate(request, RunOptions.defaults());
  }

  /**
   * Makes a clip; as {@link VideoPipeline#generate(GenerationRequest, RunOptions)}.
   *
   * @throws IllegalStateException if this is closed, or another clip is being made
   */
  public GenerationResult generate(GenerationRequest request, RunOptions options)
      throws IOException {
    try (SamplingRun run = start(request, options)) {
      return run.finish();
    }
  }

  /** Begins a clip that nobody listens to or cancels; throws as the other form does. */
  public SamplingRun start(GenerationRequest request) throws IOException {
    return start(request, RunOptions.defaults());
  }

  /**
   * Begins a clip: plans everything, then encodes the prompts and draws the noise. The caller goes
   * on step by step.
   *
   * @throws dev.wanlet.wan.memory.MemoryBudgetException before any work, if it does not fit
   * @throws java.util.concurrent.CancellationException if cancelled, or this thread was interrupted
   *     (and is so again then)
   * @throws IllegalStateException if this is closed, or another clip is being made
   * @throws SavedRunException before any work, if another request's run is saved for this output
   * @throws dev.wanlet.files.WriteException before any work, if there is no room for the clip and
   *     for saving the run
   * @throws IOException if a model file cannot be read, or does not fit
   */
  public SamplingRun start(GenerationRequest request, RunOptions options) throws IOException {
    requireOpen();
    if (current != null) {
      throw new IllegalStateException(
          "this pipeline is making a clip; finish or close that run first");
    }
    openAdapters(request.adapters());
    tell(adapters, options.listener());
    Job job = job(request, options, adapters);
    RunPlan plan = plan(job);
    requireWeights(job);
    adapters.requireFinite();
    VideoMetadata settings =
        AdapterHashes.add(SavedSettings.store(request, pipeline.files()), adapters);
    boolean carried = carriesInputs(request, options);
    settings =
        carried
            ? InputHashes.kept(
                settings,
                options.resumeFrom().orElseThrow().settings(),
                request,
                OpenPipeline::note)
            : InputHashes.add(settings, request);
    ModelPrints weights = prints(request);
    if (options.resumeFrom().map(run -> ModelPrints.areIn(run.settings())).orElse(true)) {
      settings = weights.addTo(settings);
    }
    if (options.resumeFrom().isPresent()) {
      VideoMetadata started = options.resumeFrom().get().settings();
      weights.requireSame(started);
      AdapterHashes.requireSame(started, settings);
      InputHashes.requireSame(started, settings, request);
    }
    ClipInputs inputs =
        carried ? ClipInputs.NONE : ClipInputs.read(request, model, OpenPipeline::note);
    SavedRun saved = SavedRun.open(request.output(), settings, others(options));
    try {
      return start(request, options, settings, inputs, job, plan, saved);
    } catch (Throwable e) {
      saved.close();
      throw e;
    } finally {
      options.cancellation().restoreInterrupt();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this pipeline is closed");
    }
  }

  private static SavedRun.Others others(RunOptions options) {
    if (options.overwriteSaved()) {
      return SavedRun.Others.LOST;
    }
    return options.resumeFrom().isPresent() ? SavedRun.Others.LEFT : SavedRun.Others.REFUSED;
  }

  private ModelPrints prints(GenerationRequest request) throws IOException {
    if (prints == null) {
      prints = ModelPrints.of(model);
    }
    Optional<Path> small = request.smallDecoder();
    return small.isPresent() ? prints.and(small.get()) : prints;
  }

  private static void note(String line) {
    LOG.log(Level.WARNING, () -> Printable.message(line));
  }

  /** Whether a run goes on from a saved one that has all that pictures and videos give. */
  private static boolean carriesInputs(GenerationRequest request, RunOptions options) {
    boolean inLatents = request.pictures().start() != RunPlanner.Start.NOISE;
    return options
        .resumeFrom()
        .filter(saved -> inLatents || RunCheckpoint.isEncoded(saved.shown()))
        .isPresent();
  }

  private SamplingRun start(
      GenerationRequest request,
      RunOptions options,
      VideoMetadata settings,
      ClipInputs inputs,
      Job job,
      RunPlan plan,
      SavedRun saved)
      throws IOException {
    options.listener().planned(plan);
    TokenGrid grid = job.planner().facts().grid(job.clip());
    Shape latents =
        Shape.of(
            model.transformerConfig().outChannels(),
            grid.frames(),
            grid.latentHeight(),
            grid.latentWidth());
    long shown = job.planner().facts().conditionBytes(job.clip());
    saved.reserve(RunCheckpoint.roomBytes(latents, shown), clipBytes(request));
    Backend backend = prepared(job);
    Previewer previewer =
        Previewer.open(
            options,
            model,
            new ClipLatents(latents, job.clip().inputs().references()),
            request.clip().fps(),
            job.budget().hostBytes());
    try {
      return start(
          request, options, settings, job, plan, saved, inputs, backend, latents, previewer);
    } catch (Throwable e) {
      previewer.close();
      throw e;
    }
  }

  private SamplingRun start(
      GenerationRequest request,
      RunOptions options,
      VideoMetadata settings,
      Job job,
      RunPlan plan,
      SavedRun saved,
      ClipInputs inputs,
      Backend backend,
      Shape latents,
      Previewer previewer)
      throws IOException {
    ClipSampling sampling = new ClipSampling(request, options, settings, latents, saved, previewer);
    Clip clip = new Clip(request, options, settings, job.prompts(), sampling, adapters, inputs);
    PipelineRun stages =
        new PipelineRun(
            taking(job),
            model,
            lease,
            backend,
            job.planner(),
            job.clip(),
            job.budget(),
            plan,
            clip);
    SamplingRun run =
        new SamplingRun(
            stages, options.cancellation().onCancel(backend::requestStop), () -> become(null));
    become(run);
    try {
      stages.prepare();
    } catch (Throwable e) {
      run.close();
      throw e;
    }
    return run;
  }

  private void become(SamplingRun run) {
    current = run;
    lease.setInUse(run != null);
  }

  /** The stages that a clip goes through. */
  private List<ClipStage> taking(Job job) {
    List<ClipStage> taking = new ArrayList<>();
    for (int i = 0; i < pipeline.stages().size(); i++) {
      if (job.planner().stages().get(i).takesPart(job.clip())) {
        taking.add(pipeline.stages().get(i));
      }
    }
    return taking;
  }

  private static long clipBytes(GenerationRequest request) {
    ClipSpec clip = request.clip();
    return FrameSinks.roomBytes(
        request.output(), clip.size().width(), clip.size().height(), clip.frames());
  }

  /** A file that does not fit is told before any work, not when its stage comes. */
  private void requireWeights(Job job) throws IOException {
    for (ClipStage stage : taking(job)) {
      if (!fitting.contains(stage)) {
        stage.requireWeights(model);
        fitting.add(stage);
      }
    }
  }

  /**
   * What a clip would take, without making it. Reads only headers, and the prompt's tokens.
   *
   * @throws dev.wanlet.wan.memory.MemoryBudgetException if it does not fit the budget
   * @throws IllegalStateException if this is closed
   * @throws IOException if a file cannot be read
   */
  public RunPlan plan(GenerationRequest request) throws IOException {
    return plan(request, GenerationListener.SILENT);
  }

  /** As the other form; a listener hears of adapters and of the plan. */
  RunPlan plan(GenerationRequest request, GenerationListener listener) throws IOException {
    return plan(request, RunOptions.defaults().withListener(listener));
  }

  /** As the other form, for a run with these options. */
  RunPlan plan(GenerationRequest request, RunOptions options) throws IOException {
    requireOpen();
    try (OpenAdapters wanted = OpenAdapters.open(request.adapters(), model)) {
      tell(wanted, options.listener());
      RunPlan plan = plan(job(request, options, wanted));
      options.listener().planned(plan);
      return plan;
    }
  }

  private static void tell(OpenAdapters adapters, GenerationListener listener) {
    if (!adapters.files().isEmpty()) {
      listener.adapted(adapters.summaries());
    }
  }

  // What is on the device may still be read from the adapters it was opened with.
  private void openAdapters(List<AdapterFile> wanted) throws IOException {
    if (!adapters.files().equals(wanted)) {
      lease.drop(Stage.SAMPLE);
      adapters.close();
      adapters = OpenAdapters.NONE;
      adapters = OpenAdapters.open(wanted, model);
    }
  }

  /** A request with all that planning needs. */
  private record Job(
      RunPlanner planner,
      RunPlanner.Job clip,
      List<AdapterFile> adapters,
      ClipPrompts prompts,
      ComputeSettings compute,
      MemoryBudget budget) {}

  private Job job(GenerationRequest request, RunOptions options, OpenAdapters wanted)
      throws IOException {
    Device device = Device.byName(request.compute().device());
    pipeline
        .model()
        .trainedOn()
        .map(
            seen ->
                seen.beyond(
                    pipeline.model().id(),
                    request.clip().size(),
                    request.clip().frames(),
                    request.clip().prompt()))
        .ifPresent(lines -> lines.forEach(line -> LOG.log(Level.WARNING, Printable.message(line))));
    List<int[]> ids = new ArrayList<>();
    for (String prompt : VideoPipeline.prompts(request)) {
      ids.add(model.tokenize(prompt));
    }
    ClipPrompts prompts =
        ClipPrompts.of(ids, options.prompts(), model, device, request.compute().precision());
    RunPlanner planner = pipeline.planner(model, wanted, request, device);
    RunPlanner.Job clip =
        VideoPipeline.job(request, ids, carriesInputs(request, options))
            .encoding(prompts.missing().stream().map(i -> i.length).toList());
    return new Job(
        planner,
        options.previews().isPresent()
            ? clip.previewing(Previewer.heapBytes(planner.facts().latentBytes(clip)))
            : clip,
        request.adapters(),
        prompts,
        request.compute(),
        MemoryBudget.of(request.compute(), device, lease.heldBytes()));
  }

  // The plan of the last clip serves again while it fits: free memory never stays the same, and
  // another plan would mean loading weights anew.
  private RunPlan plan(Job job) {
    boolean again =
        last != null
            && last.clip().equals(job.clip())
            && last.adapters().equals(job.adapters())
            && last.tae().equals(job.planner().facts().tae())
            && last.compute().equals(job.compute())
            && last.plan().peakDeviceBytes() <= job.budget().deviceBytes()
            && last.plan().hostBytes() <= job.budget().hostBytes();
    if (!again) {
      RunPlan plan =
          VideoPipeline.plan(job.planner(), job.clip(), job.budget(), pipeline.files().model());
      last =
          new Planned(job.clip(), job.adapters(), job.planner().facts().tae(), job.compute(), plan);
    }
    return last.plan();
  }

  private Backend prepared(Job job) {
    Backend backend = lease.backend(job.planner().facts().device());
    backend.clearStop();
    job.compute().threads().ifPresentOrElse(backend::setThreads, backend::adaptThreads);
    backend.deviceMemory().limit(job.budget().deviceBytes());
    backend.deviceMemory().resetPeak();
    pipeline.opened(backend);
    LOG.log(
        Level.DEBUG,
        String.format(
            "on %s, %s; at most %s of device memory and %s of host memory",
            Printable.name(backend.device()),
            job.compute().threads().isPresent()
                ? job.compute().threadCount() + " threads"
                : "threads by what is free",
            Bytes.text(job.budget().deviceBytes()),
            Bytes.text(job.budget().hostBytes())));
    return backend;
  }

  /** Closes a clip that is being made, gives the device back and closes the files. */
  @Override
  public void close() {
    closed = true;
    if (current != null) {
      current.close();
    }
    lease.close();
    adapters.close();
    model.close();
  }
}
