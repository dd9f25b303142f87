// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands choose where their user leaves it open. */
class ChoiceTest {
  private static final Path README = Path.of("..", "..", "README.md");
  private static final String PROMPT = "a red circle moving left on a black background";

  @TempDir private Path folder;

  private static CommandRun run(String... arguments) {
    return CommandRun.of(arguments);
  }

  private CommandRun demo(String... wishes) {
    List<String> arguments = new ArrayList<>(List.of("generate", "-p", PROMPT, "--dry-run"));
    arguments.addAll(List.of("--json", "-t", "1", "-o", folder.resolve("clip.mp4").toString()));
    arguments.addAll(List.of(wishes));
    return run(arguments.toArray(String[]::new));
  }

  private static JsonNode json(CommandRun run) throws IOException {
    return new ObjectMapper().readTree(run.out());
  }

  @Test
  void theDemoModelKeepsItsOwn() throws IOException {
    CommandRun run = demo();
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).doesNotContain("profile").contains("64x64, 17 frames, 20 steps");
  }

  @Test
  void aDurationChangesItsFramesAlone() throws IOException {
    CommandRun run = demo("--duration", "0.5");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("64x64, 9 frames, 20 steps", "profile quality: tiny-wan");
  }

  @Test
  void aProfileGoesFurther() throws IOException {
    CommandRun run = demo("--profile", "draft", "--aspect", "16:9");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("80x48, ", " 4 steps of recipe fast", "recipe fast takes the place of 8 steps")
        .contains("80x48, 17 frames, 4 steps of euler");
  }

  @Test
  void whoSaysHowToSampleGetsNoRecipe() {
    CommandRun run = demo("--profile", "draft", "--recipe", "none");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains(" 8 steps").doesNotContain("of recipe");
  }

  @Test
  void theFrontShowsTheRecipesThatAreAtHand() {
    CommandRun run = demo("--profile", "quality", "--explain");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("profile quality: tiny-wan", " 20 steps")
        .contains(" recipe fast ", " step cache mag ");
  }

  @Test
  void aVideoThatIsMadeOverTakesItsShareOfTheStepsOnce() {
    String video = folder.resolve("video.gif").toString();
    CommandRun made =
        run("generate", "-p", PROMPT, "-t", "1", "--frames", "5", "--steps", "1", "-o", video);
    assertThat(made.code()).as(made.err()).isZero();
    CommandRun run = demo("--profile", "quality", "--init-video", video, "--strength", "0.6");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("profile quality: tiny-wan", " 20 steps", "the last 12 steps run")
        .doesNotContain("cache");
  }

  @Test
  void whoWantsNoCacheGetsNone() {
    CommandRun run = demo("--profile", "quality", "--explain", "--cache", "none");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains(" recipe fast ").doesNotContain("step cache");
  }

  @Test
  void aModelWithoutSizeAndTypeIsChosenForTheCard() throws IOException {
    CommandRun run =
        run(
            "plan",
            "--model",
            "wan2.1-t2v-1.3b",
            "--device-spec",
            "RTX 4060",
            "--profile",
            "draft",
            "--ram",
            "16GiB",
            "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode plan = json(run);
    assertThat(plan.path("device").asText()).isEqualTo("rtx-4060");
    assertThat(plan.path("rates").asText()).contains("data sheet");
    assertThat(plan.path("predicted_seconds").asDouble()).isBetween(10.0, 300.0);
    assertThat(run.err()).contains("wanlet: profile draft: wan2.1-t2v-1.3b");
  }

  @Test
  void whatWasGivenStands() throws IOException {
    CommandRun run =
        run(
            "plan",
            "--model",
            "wan2.1-t2v-1.3b",
            "--device-spec",
            "8gb",
            "--size",
            "480x480",
            "--duration",
            "2",
            "--explain",
            "--json");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(json(run).path("width").asInt()).isEqualTo(480);
    assertThat(json(run).path("frames").asInt()).isEqualTo(33);
    assertThat(run.err()).contains("what no other choice beats");
  }

  @Test
  void aTimeLimitThatCannotBeMetIsARefusal() {
    CommandRun run =
        run("plan", "--model", "wan2.1-t2v-14b", "--device-spec", "4gb", "--time-limit", "2s");
    assertThat(run.code()).isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(run.err()).contains("that fits the memory ends within 2 s");
  }

  @Test
  void wrongWishesAreNamed() {
    assertThat(demo("--profile", "turbo").err()).contains("no profile 'turbo'; expected auto");
    assertThat(demo("--aspect", "wide").err()).contains("'wide' is not an aspect");
    assertThat(demo("--duration", "long").err()).contains("'long' is not a duration");
    assertThat(demo("--time-limit", "soon").err()).contains("'soon' is not a time");
    CommandRun two = run("plan", "--device-spec", "8gb", "--device", "CPU");
    assertThat(two.code()).isEqualTo(ExitCode.USAGE);
    assertThat(two.err()).contains("--device-spec is for a card that need not be here");
    CommandRun card = run("plan", "--device-spec", "voodoo");
    assertThat(card.code()).isEqualTo(ExitCode.USAGE);
    assertThat(card.err()).contains("no device is known as 'voodoo'");
  }

  @Test
  void profilesAreListedShownAndChecked() throws IOException {
    assertThat(run("profiles", "list").out()).contains("draft", "balanced", "quality");
    CommandRun shown = run("profiles", "show", "draft");
    Path file = Files.writeString(folder.resolve("mine.yaml"), shown.out());
    assertThat(run("profiles", "check", file.toString()).code()).isZero();
    Files.writeString(file, "{}");
    CommandRun wrong = run("profiles", "check", file.toString());
    assertThat(wrong.code()).isEqualTo(ExitCode.USAGE);
    assertThat(wrong.err()).contains("mine.yaml is not a profile", "'name' is missing");
  }

  @Test
  void theTableOfCardsInTheReadmeIsThatOfTheCommand() throws IOException {
    CommandRun run = run("fit-table", "rtx-3050-laptop", "rtx-4060");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(Files.readAllLines(README)).containsAll(run.out().lines().toList());
  }

  @Test
  void theTableOfModelsInTheReadmeIsThatOfTheCommand() throws IOException {
    CommandRun run =
        run(
            "fit-table",
            "--models",
            "wan2.1-t2v-1.3b",
            "wan2.1-i2v-14b-480p",
            "wan2.1-i2v-14b-720p");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .hasLineCount(6)
        .contains("wan2.1-i2v-14b-480p, wan2.1-i2v-14b-720p | 832x480");
    assertThat(Files.readAllLines(README)).containsAll(run.out().lines().toList());
  }

  @Test
  void aTypeIsForTheTableOfModels() {
    CommandRun run = run("fit-table", "--type", "Q8_0", "rtx-4060");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("--type goes with --models");
  }

  @Test
  void aClipThatDoesNotFitACardSaysWhatItNeeds() {
    CommandRun run = run("fit-table", "--models", "wan2.1-vace-14b", "--type", "F16");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out().lines().toList().get(3))
        .contains("1280x720")
        .containsPattern("needs [5-9]\\.\\d GiB \\|");
  }
}
