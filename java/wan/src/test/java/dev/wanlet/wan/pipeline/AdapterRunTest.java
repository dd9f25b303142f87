// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.MadeAdapters;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.SigmaList;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clips of the demo model with adapters, and what such a run promises. */
class AdapterRunTest {
  private static final String RED_LEFT = "a red circle moving left on a black background";

  @TempDir Path folder;
  private int liveBefore;
  private ModelFiles files;
  private VideoPipeline pipeline;
  private Path four;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    files = ModelFiles.in(DemoModel.directory());
    pipeline = new VideoPipeline(files);
    four = DemoModel.fourStepAdapter();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private GenerationRequest.Builder request(String file, AdapterFile... adapters) {
    return GenerationRequest.builder()
        .prompt(RED_LEFT)
        .seed(42)
        .output(folder.resolve(file))
        .steps(3)
        .frames(5)
        .adapters(adapters)
        .compute(compute(OptionalLong.empty()));
  }

  private static ComputeSettings compute(OptionalLong budget) {
    return new ComputeSettings(
        "CPU", OptionalInt.of(1), budget, OptionalLong.empty(), Precision.AUTO);
  }

  private static AdapterFile at(Path file, double strength) {
    return new AdapterFile(file, strength);
  }

  private Path made() throws IOException {
    Path transformer = DemoModel.directory().resolve("diffusion_pytorch_model.safetensors");
    try (WeightSource source = WeightFiles.open(transformer)) {
      return new MadeAdapters(source).write(folder.resolve("made.safetensors"), 4, 2, 1, 1, 0.2);
    }
  }

  private static void assertSameFrames(Path actual, Path expected) throws IOException {
    assertThat(VideoReader.readAll(actual))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(expected));
  }

  private static void assertOtherFrames(Path actual, Path other) throws IOException {
    assertThat(VideoReader.readAll(actual))
        .usingRecursiveFieldByFieldElementComparator()
        .isNotEqualTo(VideoReader.readAll(other));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        RED_LEFT,
        "a green square standing still on a navy background",
        "a yellow triangle moving up on a gray background"
      })
  void theFourStepAdapterShowsWhatThePromptSays(String prompt) throws IOException {
    List<String> told = new ArrayList<>();
    GenerationRequest request =
        request("four.mp4", at(four, 1))
            .prompt(prompt)
            .steps(4)
            .frames(17)
            .method(SamplingMethod.EULER)
            .set(Settings.SIGMAS, SigmaList.parse("1,0.9375,0.833333,0.625"))
            .guidanceScale(1)
            .build(files.model());
    GenerationResult result =
        pipeline.generate(request, RunOptions.defaults().withListener(new Told(told)));
    assertThat(told)
        .containsExactly("adapter " + four + ", strength 1.0: 60 modules matched, none left out");
    assertThat(result.stepSeconds()).hasSize(4);
    ShapeScore score = ShapeScore.of(VideoReader.readAll(result.output()));
    assertThat(score).isEqualTo(ShapeScore.fromPrompt(prompt));
  }

  private record Told(List<String> lines) implements GenerationListener {
    @Override
    public void adapted(List<String> summaries) {
      lines.addAll(summaries);
    }

    @Override
    public void progress(Stage stage, double done, int total) {}
  }

  @Test
  void aTightBudgetGivesTheSameClipAndIsKept() throws IOException {
    AdapterFile[] two = {at(four, 0.7), at(made(), -0.5)};
    GenerationRequest free = request("free.mp4", two).build(files.model());
    GenerationResult unlimited = pipeline.generate(free);
    assertThat(unlimited.measuredPeakBytes()).isEqualTo(unlimited.plannedPeakBytes());
    RunPlan plain = pipeline.plan(request("plain.mp4").build(files.model()));
    RunPlan adapted = pipeline.plan(free);
    assertThat(adapted.transformer().residentBytes())
        .isGreaterThan(plain.transformer().residentBytes() + Files.size(four));
    GenerationRequest least = smallest(two);
    GenerationResult tight = pipeline.generate(least);
    RunPlan plan = pipeline.plan(least);
    assertThat(plan.transformer().placement().resident()).isZero();
    assertThat(plan.transformer().uploadBytesPerStep())
        .isGreaterThan(2 * (Files.size(four) + Files.size(two[1].file()) / 2));
    assertThat(tight.measuredPeakBytes())
        .isLessThanOrEqualTo(least.compute().deviceBudgetBytes().getAsLong())
        .isEqualTo(tight.plannedPeakBytes());
    assertSameFrames(tight.output(), unlimited.output());
    assertOtherFrames(
        tight.output(), pipeline.generate(request("o.mp4").build(files.model())).output());
  }

  private GenerationRequest smallest(AdapterFile... adapters) throws IOException {
    long needed = 1;
    while (true) {
      GenerationRequest limited =
          request("tight.mp4", adapters)
              .compute(compute(OptionalLong.of(needed)))
              .build(files.model());
      try {
        pipeline.plan(limited);
        return limited;
      } catch (MemoryBudgetException e) {
        needed = e.neededBytes();
      }
    }
  }

  @Test
  void aResumedRunMakesTheSameClipFromItsSavedSettings() throws IOException {
    AdapterFile[] two = {at(four, 0.7), at(made(), 0.5)};
    GenerationRequest request = request("resumed.mp4", two).build(files.model());
    GenerationResult whole = pipeline.generate(request("whole.mp4", two).build(files.model()));
    RunCheckpoint saved = stopped(request);
    SavedSettings settings = new SavedSettings(request.output(), saved.settings());
    GenerationRequest again =
        settings.request(
            files.model(),
            SettingValues.NONE.with(Settings.DEVICE, "CPU").with(Settings.THREADS, 1),
            request.output());
    assertThat(again.adapters()).containsExactly(two);
    GenerationResult resumed = pipeline.generate(again, RunOptions.defaults().resuming(saved));
    assertThat(resumed.stepSeconds()).hasSize(1);
    assertSameFrames(resumed.output(), whole.output());
    VideoMetadata stored = VideoMetadata.read(resumed.output());
    assertThat(stored.setting("lora"))
        .contains(List.of(name(four) + ":0.7", name(two[1].file()) + ":0.5"));
    assertThat(stored.toCommandLine()).contains(" --lora " + name(four) + ":0.7 --lora ");
    assertThat((List<?>) stored.provenance().get("lora-sha256")).hasSize(2);
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private RunCheckpoint stopped(GenerationRequest request) throws IOException {
    Cancellation cancellation = new Cancellation();
    GenerationListener stop =
        (stage, done, total) -> {
          if (stage.equals(Stage.SAMPLE) && done > 2.1) {
            cancellation.cancel();
          }
        };
    RunOptions options =
        RunOptions.defaults()
            .withCheckpointEvery(1)
            .withListener(stop)
            .withCancellation(cancellation);
    assertThatThrownBy(() -> pipeline.generate(request, options))
        .isInstanceOf(SamplingCancelledException.class);
    return RunCheckpoint.load(RunCheckpoint.fileFor(request.output()));
  }

  @Test
  void aRunDoesNotGoOnWithAnotherAdapterOfTheSameName() throws IOException {
    Path file = made();
    GenerationRequest request = request("changed.mp4", at(file, 1)).build(files.model());
    RunCheckpoint saved = stopped(request);
    try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "rw")) {
      data.seek(data.length() - 4);
      data.write(new byte[] {0, 0, 0, 1});
    }
    assertThatThrownBy(() -> pipeline.generate(request, RunOptions.defaults().resuming(saved)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContainingAll(
            file.toString(), "not the one that the run was started with", "bring the file back");
    Files.delete(file);
    assertThatThrownBy(() -> pipeline.generate(request, RunOptions.defaults().resuming(saved)))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void clipsOfAnOpenPipelineHaveTheirOwnAdapters() throws IOException {
    Path made = made();
    List<AdapterFile[]> turns =
        List.of(
            new AdapterFile[] {},
            new AdapterFile[] {at(four, 1)},
            new AdapterFile[] {at(four, 1)},
            new AdapterFile[] {at(four, 0.5), at(made, 1)},
            new AdapterFile[] {});
    try (OpenPipeline open = pipeline.open()) {
      for (int i = 0; i < turns.size(); i++) {
        GenerationResult ours =
            open.generate(request("open" + i + ".mp4", turns.get(i)).build(files.model()));
        open.plan(request("other.mp4", at(made, 2)).build(files.model()));
        GenerationResult own =
            pipeline.generate(request("own" + i + ".mp4", turns.get(i)).build(files.model()));
        assertSameFrames(ours.output(), own.output());
        assertThat(ours.measuredPeakBytes()).isLessThanOrEqualTo(ours.plannedPeakBytes());
      }
    }
  }

  @Test
  void anAdapterThatIsNotFiniteIsRefusedBeforeSampling() throws IOException {
    Path file = made();
    try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "rw")) {
      data.seek(data.length() - 4);
      data.write(new byte[] {0, 0, (byte) 0xc0, 0x7f});
    }
    GenerationRequest request = request("nan.mp4", at(file, 1)).build(files.model());
    assertThatThrownBy(() -> pipeline.generate(request))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContainingAll(file.toString(), "of this adapter holds infinities or NaN");
    assertThat(request.output()).doesNotExist();
  }
}
