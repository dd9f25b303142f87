// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.FlowSchedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ways to sample and to guide, in runs of the demo model. */
class SamplingChoicesTest {
  private static final int STEPS = 4;

  /** Not from what an earlier run to the same output has saved. */
  private static final RunOptions ANEW = RunOptions.defaults().overwritingSaved();

  @TempDir private Path folder;
  private ModelFiles files;
  private VideoPipeline pipeline;

  @BeforeEach
  void open() throws IOException {
    files = ModelFiles.in(DemoModel.directory());
    pipeline = new VideoPipeline(files);
  }

  /** Settings as words of a command line: name value name value. */
  private GenerationRequest.Builder request(String words) {
    GenerationRequest.Builder builder =
        GenerationRequest.builder()
            .prompt("a red circle moving left on a black background")
            .seed(5)
            .steps(STEPS)
            .frames(1)
            .output(folder.resolve("clip.mp4"))
            .compute(
                new ComputeSettings(
                    "CPU",
                    OptionalInt.of(1),
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    Precision.AUTO));
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

  private float[] latents(String words) throws IOException {
    try (OpenPipeline open = pipeline.open();
        SamplingRun run = open.start(built(words), ANEW)) {
      while (!run.isDone()) {
        run.step();
      }
      return run.latents();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sampling-method euler_a",
        "sampling-method res_multistep",
        "sampling-method rcm",
        "sampling-method lcm guidance-interval 0.25,0.75",
        "guidance-rule apg",
        "guidance-rule apg apg-momentum 0.5 apg-norm 10 apg-eta 0.5 guidance-interval 0.5,1",
        "guidance-rule cfg-zero-star",
        "slg-blocks 1,3 slg-interval sigma:0.3,0.9",
        "nag-scale 11 cfg-scale 1",
        "nag-scale 5 nag-tau 3 nag-alpha 0.5 guidance-interval 0,0.5",
        "scheduler beta guidance-interval sigma:0.5,1"
      })
  void stoppedAfterAnyStepItGoesOnToTheSameClip(String words) throws IOException {
    GenerationRequest request = built(words);
    float[] expected = latents(words);
    Path file = folder.resolve("saved.safetensors");
    try (OpenPipeline open = pipeline.open()) {
      for (int done = 1; done < STEPS; done++) {
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
        assertThat(again.sampling()).isEqualTo(request.sampling());
        try (SamplingRun second = open.start(again, RunOptions.defaults().resuming(saved))) {
          assertThat(second.stepsDone()).isEqualTo(done);
          while (!second.isDone()) {
            second.step();
          }
          assertThat(second.latents()).as("stopped after step %d", done).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void everyChoiceChangesTheClipAndNoneDoesNot() throws IOException {
    float[] plain = latents("");
    assertThat(latents("guidance-rule cfg guidance-interval 0,1")).isEqualTo(plain);
    for (String words :
        new String[] {
          "guidance-interval 0,0.5",
          "guidance-rule cfg-zero-star zero-init-steps 0",
          "guidance-rule apg",
          "slg-blocks 2",
          "nag-scale 11",
          "scheduler karras"
        }) {
      assertThat(latents(words)).as(words).isNotEqualTo(plain);
    }
  }

  /** A step that nothing moves, then three: the noise goes on to the second level as it is. */
  @Test
  void theFirstStepOfZeroStarMovesNothing() throws IOException {
    try (OpenPipeline open = pipeline.open();
        SamplingRun run = open.start(built("guidance-rule cfg-zero-star sampling-method euler"))) {
      float[] noise = run.latents();
      run.step();
      assertThat(run.latents()).isEqualTo(noise);
      run.step();
      assertThat(run.latents()).isNotEqualTo(noise);
    }
  }

  @Test
  void aPlanCountsPassesAndMemory() throws IOException {
    RunPlan plain = pipeline.plan(built(""));
    assertThat(plain.passes().total()).isEqualTo(2 * STEPS);
    assertThat(plain.guidanceBytes()).isZero();
    RunPlan half = pipeline.plan(built("guidance-interval 0,0.5"));
    assertThat(half.passes().total()).isEqualTo(STEPS + 2);
    double seconds = plain.stage(Stage.SAMPLE).seconds().getAsDouble();
    assertThat(half.stage(Stage.SAMPLE).seconds().getAsDouble()).isBetween(0.6 * seconds, seconds);
    RunPlan zero = pipeline.plan(built("guidance-rule cfg-zero-star zero-init-steps 2"));
    assertThat(zero.passes().none()).isEqualTo(2);
    assertThat(zero.passes().total()).isEqualTo(2 * STEPS - 4);
    RunPlan slg = pipeline.plan(built("slg-blocks 1,2 slg-interval 0.5,1"));
    assertThat(slg.passes().skippedBlocks()).isEqualTo(4);
    RunPlan apg = pipeline.plan(built("guidance-rule apg"));
    assertThat(apg.guidanceBytes()).isPositive();
    assertThat(apg.stage(Stage.SAMPLE).host().heap())
        .isEqualTo(plain.stage(Stage.SAMPLE).host().heap() + 2 * apg.guidanceBytes());
    assertThat(pipeline.plan(built("guidance-interval 0.9,1")).passes().guided()).isZero();
  }

  /** Without guidance the negative prompt is encoded and acts, in one pass a step. */
  @Test
  void attentionGuidanceKnowsTheNegativePromptInOnePass() throws IOException {
    RunPlan plain = pipeline.plan(built("cfg-scale 1"));
    RunPlan nag = pipeline.plan(built("cfg-scale 1 nag-scale 11"));
    assertThat(nag.passes().total()).isEqualTo(STEPS);
    assertThat(nag.transformer().run().passes()).isEqualTo(1);
    assertThat(nag.transformer().run().prompts()).hasSize(2);
    assertThat(nag.transformer().attentionSeconds()).isPositive();
    assertThat(nag.transformer().stateBytes()).isGreaterThan(plain.transformer().stateBytes());
    assertThat(nag.stage(Stage.SAMPLE).seconds().getAsDouble())
        .isBetween(
            plain.stage(Stage.SAMPLE).seconds().getAsDouble(),
            1.5 * plain.stage(Stage.SAMPLE).seconds().getAsDouble());
    float[] expected = latents("cfg-scale 1 nag-scale 11 negative-prompt green");
    assertThat(latents("cfg-scale 1 nag-scale 11 negative-prompt blue")).isNotEqualTo(expected);
    assertThat(latents("cfg-scale 1 nag-scale 1 negative-prompt green"))
        .as("a scale of 1 is off")
        .isEqualTo(latents("cfg-scale 1"));
    for (String words : new String[] {"cfg-scale 1 nag-scale 11", "nag-scale 11"}) {
      assertThat(latents(words + " max-resident 0")).as(words).isEqualTo(latents(words));
    }
    GenerationResult made = pipeline.generate(built("cfg-scale 1 nag-scale 11"), ANEW);
    assertThat(made.measuredPeakBytes()).isLessThanOrEqualTo(made.plannedPeakBytes());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "zero-init-steps 1|belongs to --guidance-rule cfg-zero-star; give that too, or leave it"
            + " out",
        "guidance-rule cfg-zero-star zero-init-steps 4|4 steps without prediction of 4 steps",
        "guidance-rule cfg-zero-star zero-init-steps -1|-1; expected 0 or more",
        "apg-norm 5|--apg-norm belongs to --guidance-rule apg",
        "guidance-rule apg apg-momentum 1|--apg-momentum 1; expected -1 < momentum < 1",
        "guidance-rule apg apg-norm -1|--apg-norm -1; expected",
        "guidance-rule apg apg-eta 2|--apg-eta 2; expected",
        "slg-blocks 99|blocks 99: tiny-wan has",
        "nag-scale 0.5|--nag-scale 0.5; expected a number from 1 to 1000",
        "nag-tau 2|--nag-tau belongs to --nag-scale, and none was given",
        "nag-scale 11 nag-tau 0.5|--nag-tau 0.5; expected a tau from 1",
        "nag-scale 11 nag-alpha 0|--nag-alpha 0; expected a tau",
        "slg-interval 0,1|--slg-blocks are left out, and none were given"
      })
  void whatCannotBeIsRefused(String words, String reason) {
    assertThatThrownBy(() -> built(words))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void choicesWithoutGuidanceAreTold() {
    assertThat(request("cfg-scale 1 guidance-rule apg slg-blocks 1").notes(files.model()))
        .containsExactly("no step is guided; without effect: --guidance-rule apg, --slg-blocks 1");
    assertThat(request("guidance-rule apg").notes(files.model())).isEmpty();
    assertThat(request("cfg-scale 1 negative-prompt blue").notes(files.model()))
        .containsExactly(
            "no step is guided; without effect: --negative-prompt; with --nag-scale 11 it has one");
    assertThat(request("cfg-scale 1 negative-prompt blue nag-scale 5").notes(files.model()))
        .isEmpty();
  }

  @Test
  void adaptersNamedInAPromptAreTold() {
    String prompt = "a red circle <lora:style:0.8> <b> <LoRA>";
    assertThat(request("steps 4").prompt(prompt).notes(files.model()))
        .containsExactly(
            "<lora:style:0.8> in a prompt is taken for words; name the adapter's file with --lora");
  }

  @Test
  void rcmStartsFromScaledNoise() throws IOException {
    float[] plain = start("sampling-method lcm");
    float[] scaled = start("sampling-method rcm");
    float scale = FlowSchedule.rcm(4, 80).sigma(0);
    for (int k = 0; k < plain.length; k++) {
      assertThat(scaled[k]).isEqualTo(plain[k] * scale);
    }
  }

  private float[] start(String words) throws IOException {
    try (OpenPipeline open = pipeline.open();
        SamplingRun run = open.start(built(words), ANEW)) {
      return run.latents();
    }
  }
}
