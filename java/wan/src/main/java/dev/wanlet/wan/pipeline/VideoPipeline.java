// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Count;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelFilesException;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Makes clips with one model. Plans every stage before the first weight is read, then runs them one
 * after the other, each giving its memory back before the next. Immutable and thread-safe; each
 * call opens and closes what it needs. {@link #open()} gives a pipeline that keeps it for the next
 * clip.
 */
public final class VideoPipeline {
  /** What clips go through, in order; those without pictures leave out their encoding. */
  static final List<ClipStage> STAGES =
      List.of(
          new TextStage(),
          new VisionStage(),
          new EncodeStage(),
          new SampleStage(),
          new DecodeStage());

  private final ModelFiles files;
  private final DeviceRates.Source rates;
  private final Consumer<Backend> onOpen;
  private final List<ClipStage> stages;

  /**
   * A pipeline for the model in a folder; as {@link ModelFiles#in}. Nothing is loaded yet.
   *
   * @throws ModelFilesException if a part is missing, or is there twice, or does not fit
   * @throws IOException if a file cannot be read or is damaged
   */
  public static VideoPipeline of(Path folder) throws IOException {
    return new VideoPipeline(ModelFiles.in(folder));
  }

  /** A pipeline that predicts times from assumed rates. */
  public VideoPipeline(ModelFiles files) {
    this(files, (device, threads) -> DeviceRates.assumed(device));
  }

  /** A pipeline that predicts times, and weighs plans, by the given rates. */
  public VideoPipeline(ModelFiles files, DeviceRates.Source rates) {
    this(files, rates, backend -> {}, STAGES);
  }

  /**
   * A pipeline for tests of other stages, and of what happens when plans and devices disagree.
   *
   * @param onOpen gets the backend at the start of each clip, once its budget is set
   */
  VideoPipeline(
      ModelFiles files,
      DeviceRates.Source rates,
      Consumer<Backend> onOpen,
      List<ClipStage> stages) {
    this.files = files;
    this.rates = rates;
    this.onOpen = onOpen;
    this.stages = List.copyOf(stages);
  }

  /** The model with its defaults, which a request is built on. */
  public ModelDefaults model() {
    return files.model();
  }

  List<ClipStage> stages() {
    return stages;
  }

  /**
   * What a run would take, without running it. Reads only headers, and the prompt's tokens.
   *
   * @throws MemoryBudgetException if it does not fit the budget
   * @throws IOException if a file cannot be read
   */
  public RunPlan plan(GenerationRequest request) throws IOException {
    return plan(request, GenerationListener.SILENT);
  }

  /** As the other form; a listener hears of adapters and of the plan. */
  public RunPlan plan(GenerationRequest request, GenerationListener listener) throws IOException {
    return plan(request, RunOptions.defaults().withListener(listener));
  }

  /** As the other form, for a run with these options: what is kept need not be made. */
  public RunPlan plan(GenerationRequest request, RunOptions options) throws IOException {
    try (OpenPipeline once = new OpenPipeline(this, openModel(), new DeviceLease(false))) {
      return once.plan(request, options);
    }
  }

  /** Plans a run; a refusal says what would fit instead. */
  static RunPlan plan(
      RunPlanner planner, RunPlanner.Job job, MemoryBudget budget, ModelDefaults model) {
    try {
      return planner.plan(job, budget);
    } catch (MemoryBudgetException e) {
      throw e.withAdvice(advice(job, planner.alternatives(job, budget, model.sizes())));
    }
  }

  /** What fits instead, in words; empty if nothing does. */
  static String advice(RunPlanner.Job job, RunPlanner.Alternatives fitting) {
    List<String> clips = new ArrayList<>();
    fitting.frames().ifPresent(n -> clips.add(Count.of(n, "frame") + " of " + job.size()));
    fitting.size().ifPresent(s -> clips.add(Count.of(job.frames(), "frame") + " of " + s));
    return clips.isEmpty() ? "" : "it is enough for " + String.join(", or ", clips);
  }

  void opened(Backend backend) {
    onOpen.accept(backend);
  }

  /** Makes a clip, in silence and to the end; throws as the other form does. */
  public GenerationResult generate(GenerationRequest request) throws IOException {
    return generate(request, RunOptions.defaults());
  }

  /**
   * Makes a clip.
   *
   * @throws MemoryBudgetException before any work, if it does not fit the budget
   * @throws java.util.concurrent.CancellationException if cancelled; while sampling a {@link
   *     dev.wanlet.wan.sampling.SamplingCancelledException}
   * @throws IOException if a model file cannot be read or the clip cannot be written
   * @throws dev.wanlet.ggml.GgmlException if the device fails
   */
  public GenerationResult generate(GenerationRequest request, RunOptions options)
      throws IOException {
    try (OpenPipeline once = new OpenPipeline(this, openModel(), new DeviceLease(false))) {
      return once.generate(request, options);
    }
  }

  /**
   * Opens the model for many clips.
   *
   * @throws IOException if a file cannot be read or is damaged
   */
  public OpenPipeline open() throws IOException {
    return new OpenPipeline(this, openModel(), new DeviceLease(true));
  }

  private OpenModel openModel() throws IOException {
    return OpenModel.open(files);
  }

  ModelFiles files() {
    return files;
  }

  RunPlanner planner(
      OpenModel model, OpenAdapters adapters, GenerationRequest request, Device device)
      throws IOException {
    int threads = request.compute().threadCount();
    ModelFacts facts =
        ModelFacts.of(model, adapters, device, threads, rates, request.compute().precision());
    Optional<Path> small = request.smallDecoder();
    if (small.isPresent()) {
      facts = facts.withTae(TaeFile.read(small.get(), model.transformerConfig().outChannels()));
    }
    return planner(facts, stages);
  }

  /** The planner of clips from text and pictures. */
  public static RunPlanner planner(ModelFacts facts) {
    return planner(facts, STAGES);
  }

  private static RunPlanner planner(ModelFacts facts, List<ClipStage> stages) {
    return new RunPlanner(facts, stages.stream().map(s -> s.planner(facts)).toList());
  }

  /**
   * What planning asks of a clip.
   *
   * @param carried whether a saved run brings all that its pictures and videos give
   */
  static RunPlanner.Job job(GenerationRequest request, List<int[]> ids, boolean carried) {
    return new RunPlanner.Job(
        request.clip().size(),
        request.clip().frames(),
        request.sampling().steps(),
        ids.stream().map(i -> i.length).toList(),
        request.compute().precision(),
        request.maxResident(),
        request.sampling().passes(),
        new RunPlanner.Inputs(
            carried ? 0 : inputBytes(request),
            request.pictures().start(),
            request.control().references().size(),
            carried));
  }

  private static long inputBytes(GenerationRequest request) {
    FrameSize size = request.clip().size();
    return request.pictures().hostBytes(size) + request.control().hostBytes(size);
  }

  /** The prompts to encode: the negative one only where it has an effect. */
  static List<String> prompts(GenerationRequest request) {
    return request.sampling().needsNegativePrompt()
        ? List.of(request.clip().prompt(), request.clip().negativePrompt())
        : List.of(request.clip().prompt());
  }
}
