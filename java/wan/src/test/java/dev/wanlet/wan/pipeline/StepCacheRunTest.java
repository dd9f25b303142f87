// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.BlockChanges;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.wan.sampling.cache.CacheMeasurement;
import dev.wanlet.wan.sampling.cache.CacheNumbers;
import dev.wanlet.wan.sampling.cache.CacheTally;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of the demo model in which steps do without the blocks. */
class StepCacheRunTest extends DemoRuns {
  private static final int STEPS = 9;
  private static final RunOptions ANEW = RunOptions.defaults().overwritingSaved();

  private static final String MAG =
      "cache mag cache-table mag;threshold=0.3;keep=0.2;most=2;prompt=1,0.98;without=1,1.05";
  private static final String TEA =
      "cache tea cache-table tea;threshold=0.2;first=2;coefficients=1,0.01";
  private static final String EASY = "cache easy cache-threshold 0.3";

  private GenerationRequest.Builder request(String words) {
    GenerationRequest.Builder builder =
        GenerationRequest.builder()
            .prompt("a red circle moving left on a black background")
            .seed(5)
            .steps(STEPS)
            .frames(1)
            .output(folder.resolve("clip.mp4"))
            .compute(ONE_THREAD);
    String[] all = words.isEmpty() ? new String[0] : words.split(" ");
    for (int i = 0; i < all.length; i += 2) {
      String name = all[i];
      Setting<?> setting =
          Settings.TABLE.settings().stream().filter(s -> s.name().equals(name)).findFirst().get();
      set(builder, setting, all[i + 1]);
    }
    return builder;
  }

  private static <T> void set(GenerationRequest.Builder builder, Setting<T> setting, String text) {
    builder.set(setting, setting.type().parser().apply(text));
  }

  private GenerationRequest built(String words) {
    return request(words).build(files.model());
  }

  private static float[] latents(OpenPipeline open, GenerationRequest request) throws IOException {
    try (SamplingRun run = open.start(request, ANEW)) {
      while (!run.isDone()) {
        run.step();
      }
      return run.latents();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {MAG, TEA, EASY, MAG + " guidance-interval 0.3,0.7", EASY + " slg-blocks 2"})
  void stoppedAfterAnyStepItGoesOnToTheSameClip(String words) throws IOException {
    GenerationRequest request = built(words);
    Path file = folder.resolve("saved.safetensors");
    try (OpenPipeline open = pipeline.open()) {
      float[] plain = latents(open, built(""));
      float[] expected = latents(open, request);
      assertThat(expected).isNotEqualTo(plain);
      for (int done : new int[] {3, 4, 5, 7}) {
        try (SamplingRun first = open.start(request, ANEW)) {
          for (int i = 0; i < done; i++) {
            first.step();
          }
          first.save(file);
        }
        RunCheckpoint saved = RunCheckpoint.load(file);
        GenerationRequest again =
            new SavedSettings(file, saved.settings())
                .request(files.model(), SettingValues.NONE, request.output());
        try (SamplingRun second = open.start(again, RunOptions.defaults().resuming(saved))) {
          while (!second.isDone()) {
            second.step();
          }
          assertThat(second.latents()).as("stopped after step %d", done).isEqualTo(expected);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {MAG, TEA, EASY})
  void streamedBlocksAndTheOrderOfPassesChangeNothing(String words) throws IOException {
    try (OpenPipeline open = pipeline.open()) {
      GenerationRequest resident = built(words);
      GenerationRequest streamed = built(words + " max-resident 0");
      assertThat(open.plan(resident).transformer().run().layerMajor()).isFalse();
      assertThat(open.plan(streamed).transformer().run().layerMajor()).isTrue();
      assertThat(latents(open, streamed)).isEqualTo(latents(open, resident));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {MAG, TEA, EASY})
  void whatWasSkippedIsToldAndThePlanHolds(String words) throws IOException {
    GenerationResult result = pipeline.generate(built(words), ANEW);
    CacheTally tally = result.cache().orElseThrow();
    assertThat(tally.passes() + tally.computed()).isEqualTo(2 * STEPS);
    assertThat(tally.steps()).isPositive().isLessThanOrEqualTo(tally.passes() / 2);
    assertThat(tally.savedSeconds()).isPositive();
    assertThat(result.measuredPeakBytes()).isLessThanOrEqualTo(result.plannedPeakBytes());
    assertThat(pipeline.generate(built(""), ANEW).cache()).isEmpty();
  }

  @Test
  void stepsThatAreSkippedUploadNoMoreThanWhatIsLoadedAhead() throws IOException {
    RunPlan plan = pipeline.plan(built(MAG + " max-resident 0"));
    GenerationResult result = pipeline.generate(built(MAG + " max-resident 0"), ANEW);
    CacheTally tally = result.cache().orElseThrow();
    long sweep = plan.transformer().uploadBytesPerStep();
    assertThat(result.stepUploadedBytes()).hasSize(STEPS);
    assertThat(result.stepUploadedBytes().stream().mapToLong(b -> b).sum())
        .isBetween((STEPS - tally.steps()) * sweep, (STEPS - tally.steps() + 1) * sweep);
    assertThat(result.stepUploadedBytes().stream().filter(b -> b < sweep / 2))
        .hasSizeGreaterThanOrEqualTo(tally.steps());
    assertThat(pipeline.generate(built(MAG), ANEW).stepUploadedBytes()).containsOnly(0L);
  }

  @Test
  void aPlanCountsTheMemoryAndWhatTheTableSkips() throws IOException {
    RunPlan plain = pipeline.plan(built(""));
    RunPlan mag = pipeline.plan(built(MAG));
    long change =
        BlockChanges.bytes(files.model().transformer(), mag.transformer().run().grid(), 2);
    long latents = 4L * 16 * mag.transformer().run().grid().tokens() * 4;
    assertThat(mag.stage(Stage.SAMPLE).host().copies())
        .isEqualTo(plain.stage(Stage.SAMPLE).host().copies() + change);
    assertThat(mag.stage(Stage.SAMPLE).host().heap())
        .isEqualTo(plain.stage(Stage.SAMPLE).host().heap() + 3 * 2 * latents);
    int reused = mag.passes().cache().reused();
    assertThat(pipeline.generate(built(MAG), ANEW).cache().orElseThrow().passes())
        .isEqualTo(reused);
    assertThat(mag.stage(Stage.SAMPLE).seconds().getAsDouble())
        .isBetween(
            0.9 * plain.stage(Stage.SAMPLE).seconds().getAsDouble() * (18 - reused) / 18,
            1.1 * plain.stage(Stage.SAMPLE).seconds().getAsDouble() * (18 - reused) / 18);
    RunPlan easy = pipeline.plan(built(EASY));
    assertThat(easy.passes().cache().known()).isFalse();
    assertThat(easy.stage(Stage.SAMPLE).host().copies())
        .isEqualTo(plain.stage(Stage.SAMPLE).host().copies());
  }

  @Test
  void whatAMeasuringRunHearsMakesATable() throws IOException {
    CacheMeasurement measured = new CacheMeasurement();
    String whole = "cache mag cache-table mag;threshold=1;keep=1;prompt=1;without=1";
    try (OpenPipeline open = pipeline.open()) {
      float[] plain = latents(open, built(""));
      try (SamplingRun run = open.start(built(whole), ANEW.withPasses(measured::add))) {
        while (!run.isDone()) {
          run.step();
        }
        assertThat(run.latents()).as("a measuring run is a plain one").isEqualTo(plain);
      }
    }
    CacheNumbers mag = measured.mag(List.of(0));
    assertThat(mag.prompt()).hasSize(STEPS).first().isEqualTo(1.0);
    assertThat(mag.prompt().subList(1, STEPS)).allSatisfy(r -> assertThat(r).isBetween(0.5, 2.0));
    assertThat(mag.without()).isNotEqualTo(mag.prompt());
    assertThat(measured.tea().coefficients()).hasSize(5);
  }

  @Test
  void fewStepsAreAllComputedAndItIsTold() throws IOException {
    GenerationRequest.Builder few = request("cache easy").steps(7);
    assertThat(few.notes(files.model()))
        .containsExactly(
            "--cache easy is off: a step cache is of use from 8 steps on, and this run has 7");
    assertThat(few.build(files.model()).sampling().stepCache()).isEmpty();
    assertThat(request("cache none").steps(7).notes(files.model())).isEmpty();
    assertThat(built("cache none").find(Settings.CACHE)).isEmpty();
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThatThrownBy(() -> built("cache-threshold 0.1"))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("--cache-threshold belongs to --cache, and none was given");
    assertThatThrownBy(() -> built("cache easy cache-threshold 0"))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("--cache-threshold 0; expected more than 0");
    assertThatThrownBy(() -> built(MAG.replace("cache mag", "cache tea")))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("--cache-table is one of mag, and --cache tea was given");
    ModelDefaults unknown = ModelCatalog.standard().require("wan2.2-t2v-a14b");
    assertThatThrownBy(
            () ->
                GenerationRequest.builder()
                    .prompt("x")
                    .output(folder.resolve("x.mp4"))
                    .set(Settings.CACHE, CacheKind.TEA)
                    .build(unknown))
        .isInstanceOf(RequestException.class)
        .hasMessage(
            "--cache tea goes by a table, and there is none for wan2.2-t2v-a14b; measure one"
                + " with 'wanlet calibrate', or take --cache easy, which needs none");
  }
}
