// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.read.ImageReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.MadeAdapters;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.GuidanceInterval;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.weights.FloatFormats;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.AdapterScope;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of two experts, made of the demo model's transformer twice, stored in two types. */
class TwoExpertsTest {
  @TempDir Path folder;
  private int liveBefore;
  private ModelFiles demo;
  private VideoPipeline pipeline;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    demo =
        new ModelResolver(ModelCatalog.standard(), TwoExpertsTest::directory)
            .resolve(ModelSelection.none());
    pipeline =
        new VideoPipeline(
            new ModelFiles(
                twoExperts(demo.model()),
                copy(StoredType.F32),
                Optional.of(copy(StoredType.F16)),
                demo.vae(),
                demo.textEncoder(),
                demo.imageEncoder(),
                demo.tokenizer(),
                demo.fromDemo()));
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private static Path directory() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path copy(StoredType type) throws IOException {
    Path file = folder.resolve(type + ".safetensors");
    try (WeightSource source = SafetensorsFile.open(demo.transformer());
        SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      for (WeightTensor tensor : source.tensors()) {
        writer.declare(tensor.name(), type, tensor.shape());
      }
      for (WeightTensor tensor : source.tensors()) {
        float[] values = tensor.toFloats();
        ByteBuffer bytes =
            ByteBuffer.allocate(values.length * type.elementBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
          if (type == StoredType.F32) {
            bytes.putFloat(value);
          } else {
            bytes.putShort(FloatFormats.toF16(value));
          }
        }
        writer.append(tensor.name(), bytes.flip());
      }
      writer.commit();
    }
    return file;
  }

  private GenerationRequest request(String file, OptionalLong budget, double boundary) {
    return GenerationRequest.builder()
        .prompt("a red circle moving left on a black background")
        .seed(42)
        .steps(2)
        .frames(1)
        .guidanceScale(1)
        .set(Settings.HIGH_NOISE_GUIDANCE_SCALE, demo.model().guidanceScale())
        .set(Settings.EXPERT_BOUNDARY, boundary)
        .output(folder.resolve(file))
        .compute(
            new ComputeSettings(
                "CPU", OptionalInt.of(1), budget, OptionalLong.empty(), Precision.AUTO))
        .build(twoExperts(demo.model()));
  }

  static ModelDefaults twoExperts(ModelDefaults m) {
    return new ModelDefaults(
        m.id(),
        m.title(),
        m.transformer(),
        m.vae(),
        m.textEncoder(),
        OptionalDouble.of(0.9),
        m.steps(),
        m.flowShift(),
        m.flowShiftAt480p(),
        m.guidanceScale(),
        m.highNoiseGuidanceScale(),
        m.sampler(),
        m.negativePrompt(),
        m.fps(),
        m.frames(),
        m.sizes(),
        m.trainedOn(),
        m.source(),
        m.files());
  }

  private long smallestBudget() throws IOException {
    long needed = 1;
    while (true) {
      try {
        pipeline.plan(request("plan.png", OptionalLong.of(needed), 0.9));
        return needed;
      } catch (MemoryBudgetException e) {
        needed = e.neededBytes();
      }
    }
  }

  private GenerationResult generate(GenerationRequest request) throws IOException {
    return pipeline.generate(request);
  }

  @Test
  void thePlanHoldsForTheLargerExpert() throws IOException {
    long budget = smallestBudget();
    GenerationResult tight = generate(request("tight.png", OptionalLong.of(budget), 0.9));
    assertThat(tight.stepSeconds()).hasSize(2);
    assertThat(tight.measuredPeakBytes())
        .isLessThanOrEqualTo(tight.plannedPeakBytes())
        .isLessThanOrEqualTo(budget);
    GenerationResult free = generate(request("free.png", OptionalLong.empty(), 0.9));
    assertThat(free.measuredPeakBytes()).isLessThanOrEqualTo(free.plannedPeakBytes());
    assertThat(ImageReader.read(tight.output()))
        .usingRecursiveComparison()
        .isEqualTo(ImageReader.read(free.output()));
  }

  private GenerationRequest adapted(int steps, AdapterFile... adapters) {
    return GenerationRequest.builder()
        .prompt("a red circle moving left on a black background")
        .seed(42)
        .method(SamplingMethod.EULER)
        .steps(steps)
        .frames(1)
        .guidanceScale(1)
        .set(Settings.HIGH_NOISE_GUIDANCE_SCALE, 3.5)
        .set(Settings.GUIDANCE_INTERVAL, GuidanceInterval.parse("sigma:0.965,1"))
        .set(Settings.EXPERT_BOUNDARY, 0.8)
        .adapters(adapters)
        .output(folder.resolve("adapted.mp4"))
        .compute(
            new ComputeSettings(
                "CPU",
                OptionalInt.of(1),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Precision.AUTO))
        .build(twoExperts(demo.model()));
  }

  /** Latents after each step. */
  private List<float[]> latents(GenerationRequest request) throws IOException {
    List<float[]> all = new ArrayList<>();
    try (OpenPipeline open = pipeline.open();
        SamplingRun run = open.start(request, RunOptions.defaults().overwritingSaved())) {
      while (!run.isDone()) {
        run.step();
        all.add(run.latents().clone());
      }
    }
    return all;
  }

  private Path made() throws IOException {
    try (WeightSource source = SafetensorsFile.open(demo.transformer())) {
      return new MadeAdapters(source).write(folder.resolve("made.safetensors"), 4, 2, 1, 1, 0.2);
    }
  }

  @Test
  void eachExpertHasItsOwnAdapters() throws IOException {
    Path file = made();
    AdapterFile both = new AdapterFile(file, 1);
    AdapterFile high = both.with(AdapterScope.of(AdapterScope.Expert.HIGH));
    AdapterFile low = both.with(AdapterScope.of(AdapterScope.Expert.LOW));
    int first = adapted(5).sampling().experts().firstLowStep();
    assertThat(first).isBetween(1, 4);
    List<float[]> plain = latents(adapted(5));
    List<float[]> all = latents(adapted(5, both));
    assertThat(latents(adapted(5, high, low))).usingRecursiveComparison().isEqualTo(all);
    List<float[]> onlyHigh = latents(adapted(5, high));
    List<float[]> onlyLow = latents(adapted(5, low));
    assertThat(onlyHigh.get(first - 1)).isEqualTo(all.get(first - 1));
    assertThat(onlyHigh.get(first)).isNotEqualTo(all.get(first));
    assertThat(onlyLow.get(first - 1)).isEqualTo(plain.get(first - 1));
    assertThat(onlyLow.get(first)).isNotEqualTo(plain.get(first));
  }

  /** The recipe of three phases: guided without adapter, then each expert with its own. */
  @Test
  void anAdapterMayComeAtANoiseLevel() throws IOException {
    AdapterFile file = new AdapterFile(made(), 1);
    AdapterFile late = file.with(new AdapterScope(AdapterScope.Expert.HIGH, 0.965));
    AdapterFile low = new AdapterFile(file.file(), 0.5, AdapterScope.of(AdapterScope.Expert.LOW));
    GenerationRequest request = adapted(8, late, low);
    FlowSchedule schedule = request.sampling().schedule();
    int comes = 0;
    while (schedule.sigma(comes) >= 0.965f) {
      comes++;
    }
    assertThat(comes).isBetween(1, request.sampling().experts().firstLowStep() - 1);
    assertThat(request.sampling().adapterSteps()).containsExactly(comes);
    List<float[]> phases = latents(request);
    List<float[]> plain = latents(adapted(8));
    assertThat(phases.get(comes - 1)).isEqualTo(plain.get(comes - 1));
    assertThat(phases.get(comes)).isNotEqualTo(plain.get(comes));
    GenerationResult result = pipeline.generate(request, RunOptions.defaults().overwritingSaved());
    assertThat(result.measuredPeakBytes()).isLessThanOrEqualTo(result.plannedPeakBytes());
    assertResumes(request, phases.get(7), comes);
  }

  private void assertResumes(GenerationRequest request, float[] expected, int done)
      throws IOException {
    Path saved = folder.resolve("saved.safetensors");
    try (OpenPipeline open = pipeline.open()) {
      try (SamplingRun run = open.start(request, RunOptions.defaults().overwritingSaved())) {
        for (int i = 0; i < done; i++) {
          run.step();
        }
        run.save(saved);
      }
      RunCheckpoint checkpoint = RunCheckpoint.load(saved);
      GenerationRequest again =
          new SavedSettings(saved, checkpoint.settings())
              .request(twoExperts(demo.model()), SettingValues.NONE, request.output());
      assertThat(again.adapters()).isEqualTo(request.adapters());
      try (SamplingRun run = open.start(again, RunOptions.defaults().resuming(checkpoint))) {
        while (!run.isDone()) {
          run.step();
        }
        assertThat(run.latents()).isEqualTo(expected);
      }
    }
  }

  @Test
  void whatIsAddedIsToldAndOneTransformerHasNoExperts() throws IOException {
    Path file = made();
    List<String> told = new ArrayList<>();
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void adapted(List<String> summaries) {
            told.addAll(summaries);
          }

          @Override
          public void progress(Stage stage, double done, int total) {}
        };
    AdapterFile late = new AdapterFile(file, 1, new AdapterScope(AdapterScope.Expert.HIGH, 0.9));
    pipeline.plan(adapted(2, late, new AdapterFile(file, 1)), listener);
    assertThat(told.get(0)).endsWith("; added to the high-noise expert below noise level 0.9");
    assertThat(told.get(1)).endsWith("; added to both experts");
    GenerationRequest one =
        GenerationRequest.builder()
            .prompt("a red circle")
            .adapters(late)
            .output(folder.resolve("one.mp4"))
            .build(demo.model());
    assertThatThrownBy(() -> new VideoPipeline(demo).plan(one))
        .isInstanceOf(RequestException.class)
        .hasMessageContainingAll(file.toString(), "is for the high-noise expert, but tiny-wan has");
  }
}
