// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.ImageReader;
import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GenerateCommandTest {
  @TempDir private Path folder;
  private Path clip;

  @BeforeEach
  void nameClip() {
    clip = folder.resolve("clip.mp4");
  }

  /** A run of two steps on one thread, so that tests beside it do not slow it down. */
  private CommandRun generate(String... options) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "-t", "1"));
    args.addAll(List.of("--device", "CPU", "-o", clip.toString()));
    args.addAll(List.of(options));
    return CommandRun.of(args.toArray(String[]::new));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.toList();
    }
  }

  @Test
  void jsonHoldsEveryPromisedField() throws IOException {
    CommandRun run =
        generate("--steps", "2", "--frames", "5", "--size", "48x80", "-s", "7", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.path("output").asText()).isEqualTo(clip.toString());
    assertThat(json.path("seed").asLong()).isEqualTo(7);
    assertThat(json.path("width").asInt()).isEqualTo(48);
    assertThat(json.path("height").asInt()).isEqualTo(80);
    assertThat(json.path("frames").asInt()).isEqualTo(5);
    assertThat(json.path("fps").isInt()).isTrue();
    assertThat(json.path("fps").asInt()).isEqualTo(16);
    assertThat(json.path("steps").asInt()).isEqualTo(2);
    assertThat(json.path("step_seconds")).hasSize(2);
    assertThat(json.path("stage_seconds").has("sample")).isTrue();
    assertThat(json.path("measured_peak_bytes").asLong())
        .isPositive()
        .isLessThanOrEqualTo(json.path("planned_peak_bytes").asLong());
    assertThat(VideoReader.readAll(clip)).hasSize(5);
  }

  @Test
  void peoplesNamesMeanTheSame() throws IOException {
    CommandRun run =
        generate("--video-frames", "1", "-W", "64", "-H", "64", "--steps", "1", "-s", "9");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("1 frame,", "64x64", "seed 9", "a step", "peak").hasLineCount(1);
    assertThat(run.err()).contains("seed 9", "plan: peak", "sample: done");
    VideoMetadata settings = VideoMetadata.read(clip);
    assertThat(settings.setting("steps")).contains(1L);
    assertThat(settings.setting("frames")).contains(1L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"still.jpg", "still.webp"})
  void aClipOfOneFrameIsAPictureThatKnowsItsCommand(String name) throws IOException {
    clip = folder.resolve(name);
    CommandRun run = generate("--frames", "1", "--steps", "1", "-s", "7", "--size", "64x48");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(files()).containsExactly(clip);
    assertThat(ImageReader.read(clip).height()).isEqualTo(48);
    assertThat(CommandRun.of("inspect", clip.toString()).out())
        .startsWith("./wanlet generate --prompt 'a red circle'")
        .contains(" --seed 7 ");
    CommandRun longer = generate("--frames", "5");
    assertThat(longer.code()).isEqualTo(ExitCode.USAGE);
    assertThat(longer.err())
        .contains(
            clip + ": this kind of file holds one frame, and the clip has 5; take --frames 1, or")
        .hasLineCount(1);
    CommandRun quality = generate("--frames", "1", "--crf", "20");
    assertThat(quality.code()).isEqualTo(ExitCode.USAGE);
    assertThat(quality.err()).contains("--crf says how a video is encoded").hasLineCount(1);
  }

  @Test
  void theCommandInAClipMakesItAgain() throws IOException {
    generate("--frames", "1", "--steps", "2", "--flow-shift", "2.5", "--cfg-scale", "3", "-n", "b");
    String command = VideoMetadata.read(clip).toCommandLine();
    byte[] first = Files.readAllBytes(clip);
    // No setting of the demo model needs quoting but the prompt.
    List<String> args = new ArrayList<>();
    for (String word : command.substring("./wanlet ".length()).split(" (?=--)")) {
      String[] option = word.split(" ", 2);
      args.addAll(option.length == 1 ? List.of(option[0]) : List.of(option[0], unquote(option[1])));
    }
    args.addAll(List.of("-t", "1", "--device", "CPU", "-o", clip.toString()));
    assertThat(CommandRun.of(args.toArray(String[]::new)).code()).isZero();
    assertThat(Files.readAllBytes(clip)).isEqualTo(first);
  }

  private static String unquote(String text) {
    return text.startsWith("'") ? text.substring(1, text.length() - 1) : text;
  }

  @Test
  void filesThatWereGivenAreRememberedEvenIfTheyAreOfTheDemoModelsShape() throws IOException {
    Path own = folder.resolve("own.gguf");
    CommandRun.of("synth", "tiny-wan", "--type", "f16", "-o", own.toString());
    CommandRun run = generate("--frames", "1", "--steps", "1", "--diffusion-model", own.toString());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("taken from the demo model: VAE, text encoder");
    VideoMetadata settings = VideoMetadata.read(clip);
    assertThat(settings.setting("diffusion-model")).contains("own.gguf");
    assertThat(settings.setting("vae")).isEmpty();
  }

  @Test
  void theFastRecipeNeedsNothingThatDoesNotComeAlong() throws IOException {
    CommandRun run = generate("--frames", "1", "--recipe", "fast");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("4 steps of euler").contains("brings its adapter");
    VideoMetadata settings = VideoMetadata.read(clip);
    assertThat(settings.setting("recipe")).contains("fast");
    assertThat(settings.setting("lora")).contains(List.of("tiny-wan-4step-lora.safetensors:1"));
    assertThat(settings.provenance()).containsKey("lora-sha256");
  }

  @Test
  void aFileNameBringsItsSamplingRecipeIntoTheClip() throws IOException {
    Path own = folder.resolve("tiny_4step_lora_merged.gguf");
    CommandRun.of("synth", "tiny-wan", "--type", "f16", "-o", own.toString());
    CommandRun run =
        generate("--frames", "1", "--diffusion-model", own.toString(), "--cfg-scale", "2");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("sampling recipe 'fast', because the file is called tiny_4step_lora_merged.gguf")
        .contains("your own --cfg-scale 2.0 goes before the sampling recipe 'fast', which has")
        .contains("4 steps of euler");
    VideoMetadata settings = VideoMetadata.read(clip);
    assertThat(settings.setting("recipe")).contains("fast");
    assertThat(settings.setting("sigmas")).contains("1,0.9375,0.833333,0.625");
    assertThat(settings.setting("cfg-scale")).contains(2.0);
    CommandRun without =
        generate("--dry-run", "--diffusion-model", own.toString(), "--recipe", "none");
    assertThat(without.err()).doesNotContain("sampling recipe").doesNotContain("4 steps");
  }

  @Test
  void aDryRunPlansAndMakesNothing() throws IOException {
    CommandRun run = generate("--dry-run", "--json", "--vram", "64MiB");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.path("budget_bytes").asLong()).isEqualTo(64 << 20);
    assertThat(json.path("peak_device_bytes").asLong()).isBetween(1L, 64L << 20);
    assertThat(json.path("stages").findValuesAsText("name"))
        .containsExactly("text", "sample", "decode");
    assertThat(files()).isEmpty();
  }

  @Test
  void aListOfNoiseLevelsWinsAndTellsSo() {
    CommandRun run = generate("--dry-run", "--sigmas", "1,0.75,0.5", "--steps", "20");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("3 steps of ")
        .contains("wanlet: --sigmas lists the noise levels of 3 steps; without effect: --steps 20");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--size 833x481|832x480 or 848x496",
        "--frames 80|77 or 81",
        "--size big|832x480",
        "--size 64x64 --width 80|contradicts",
        "--steps none|'none'",
        "--vram 6|6GiB",
        "--vram 6X|6GiB",
        "--sampling-method magic|euler",
        "--precision f64|AUTO, F32",
        "--recipe quick|no sampling recipe 'quick'; expected one of fast",
        "--recipe lightx2v|this model is tiny-wan",
        "--recipe sla|does not run here",
        "--guidance-interval 0.5|is not START,END",
        "--guidance-interval 0.5,0.2|0 <= START < END <= 1",
        "--sigmas 1,x|'x' is no number",
        "--sigmas 0.5,0.9|must fall strictly",
        "--scheduler normal|no scheduler 'normal'",
        "--scheduler karras --sampling-method lcm|does not go with lcm",
        "--sampling-method rcm --steps 5|expected 1 to 4",
        "--cfg-scale=-1|guidance scale -1",
        "--moe-boundary 0.5|has one transformer",
        "--checkpoint-every 0|expected 1 or more",
        "--seed=-5|seed -5",
        "--steps 3 --steps 4|only once",
        "--unheard-of|--unheard-of"
      })
  void impossibleOptionsAreUsageErrors(String options, String message) throws IOException {
    CommandRun run = generate(options.split(" "));
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains(message);
    assertThat(files()).isEmpty();
  }

  @Test
  void aMissingPromptIsAUsageError() {
    CommandRun run = CommandRun.of("generate", "-o", clip.toString());
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("prompt is missing");
  }

  @Test
  void outputsThatCannotBeWrittenAreUsageErrors() throws IOException {
    clip = folder.resolve("clip.avi");
    assertThat(generate().code()).isEqualTo(ExitCode.USAGE);
    clip = Files.createDirectory(folder.resolve("taken.mp4"));
    assertThat(generate().code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void missingAndDamagedInputsAreBadInput() throws IOException {
    Path damaged = Files.writeString(folder.resolve("damaged.gguf"), "GGUF, but then nothing else");
    String[][] options = {
      {"--model", folder.resolve("nowhere").toString()},
      {"--model", "wan2.1-t2v-14b"},
      {"--vae", folder.resolve("nowhere.pth").toString()},
      {"--diffusion-model", damaged.toString()},
      {"--t5xxl", damaged.toString()},
      {"--tokenizer", folder.resolve("nowhere.model").toString()}
    };
    for (String[] bad : options) {
      CommandRun run = generate(bad);
      assertThat(run.code()).as(String.join(" ", bad) + run.err()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).contains(bad[1]).hasLineCount(1);
    }
  }

  @Test
  void budgetsAndDevicesHaveTheirCodes() throws IOException {
    CommandRun tight = generate("--vram", "100KiB");
    assertThat(tight.code()).isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(tight.err()).contains("needs at least").contains("100.0 KiB");
    CommandRun absent =
        CommandRun.of("generate", "-p", "x", "--device", "abacus", "-o", clip.toString());
    assertThat(absent.code()).isEqualTo(ExitCode.DEVICE);
    assertThat(absent.err()).contains("'abacus'", "CPU");
    assertThat(files()).isEmpty();
  }

  @Test
  void helpShowsSectionsAndExamples() {
    CommandRun run = CommandRun.of("generate", "--help");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("Clip:", "Model:", "Sampling:", "Device and memory:", "Output:", "Examples:")
        .contains("--t5xxl", "--video-frames", "--cfg-scale", "--vram", "--flow-shift");
  }
}
