// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.LoggedText;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.synth.SmallModels;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.FileList;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A VACE transformer of random weights from flags to file; text encoder and VAE are the demo
 * model's.
 */
class ControlFlagsTest {
  @RegisterExtension final LoggedText logged = new LoggedText();
  @TempDir private static Path shared;
  private static Path model;
  private static Path video; // 9 frames of 64x48 at 16 a second

  @TempDir private Path folder;

  @BeforeAll
  static void write() throws IOException {
    model =
        SmallModels.transformer(
            shared.resolve("vace.gguf"),
            new WanConfig(WanVariant.VACE, 16, 16, 256, 512, 256, 256, 4, 0, 2));
    video = clip(shared.resolve("video.mp4"), 9, 16);
  }

  private static Path clip(Path file, int frames, double fps) throws IOException {
    try (FrameSink sink = FrameSinks.open(file, 64, 48, fps, VideoMetadata.builder().build())) {
      for (int i = 0; i < frames; i++) {
        byte[] rgb = new byte[64 * 48 * 3];
        for (int p = 0; p < rgb.length; p++) {
          rgb[p] = (byte) (p / 3 % 64 / 8 == i % 8 ? 220 : 40);
        }
        sink.accept(rgb);
      }
      sink.finish();
    }
    return file;
  }

  private static Path picture(Path file, int width, int height, int whiteFrom) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(whiteFrom, 0, width, height);
    g.dispose();
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private CommandRun generate(String output, Object... options) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "-s", "1"));
    args.addAll(List.of("--steps", "2", "--cfg-scale", "1", "--device", "CPU", "-t", "1"));
    args.addAll(List.of("--diffusion-model", model.toString()));
    args.addAll(List.of("-o", folder.resolve(output).toString()));
    for (Object option : options) {
      args.add(option.toString());
    }
    return CommandRun.of(args.toArray(String[]::new));
  }

  private List<RgbFrame> frames(String output) throws IOException {
    return VideoReader.readAll(folder.resolve(output));
  }

  private List<RgbFrame> made(String output, Object... options) throws IOException {
    CommandRun run = generate(output, options);
    assertThat(run.code()).as(run.err()).isZero();
    return frames(output);
  }

  private static void assertSame(List<RgbFrame> actual, List<RgbFrame> expected) {
    assertThat(actual).usingRecursiveFieldByFieldElementComparator().isEqualTo(expected);
  }

  private static void assertOther(List<RgbFrame> actual, List<RgbFrame> expected) {
    assertThat(Arrays.equals(actual.get(0).rgb24(), expected.get(0).rgb24())).isFalse();
  }

  @Test
  void picturesThatAreReadAreNotReplaced() throws IOException {
    Path frames = Files.createDirectory(folder.resolve("frames"));
    for (int i = 1; i <= 5; i++) {
      picture(frames.resolve(i + ".png"), 64, 48, 8 * i);
    }
    byte[] before = Files.readAllBytes(frames.resolve("5.png"));
    CommandRun refused = generate("frames/%d.png", "--control-video", frames, "--frames", "5");
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err())
        .contains("1.png is a picture in the folder of --control-video", "give -o another name")
        .hasLineCount(1);
    assertThat(frames.resolve("5.png")).hasBinaryContent(before);
    CommandRun beside = generate("frames/new-%d.png", "--control-video", frames, "--frames", "5");
    assertThat(beside.code()).as(beside.err()).isZero();
  }

  @Test
  void aControlVideoBecomesAClipOfItsShapeAndLength() throws IOException {
    CommandRun run = generate("clip.mp4", "--control-video", video, "--json");
    assertThat(run.code()).as(run.err()).isZero();
    List<RgbFrame> frames = frames("clip.mp4");
    assertThat(frames).hasSize(9);
    assertThat(frames.get(0).width()).isEqualTo(64);
    assertThat(frames.get(0).height()).isEqualTo(48);
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.path("stage_seconds").has("encode")).isTrue();
    VideoMetadata stored = VideoMetadata.read(folder.resolve("clip.mp4"));
    assertThat(stored.setting("control-video")).contains(video.getFileName().toString());
    assertThat(stored.setting("control-strength")).contains(1.0);
    assertThat(stored.provenance()).containsKey("control-sha256");
    assertThat(CommandRun.of("inspect", folder.resolve("clip.mp4").toString()).out())
        .contains("--control-video " + video);
    // What it is shown shapes the clip.
    assertOther(made("empty.mp4", "--size", "64x48", "--frames", "9"), frames);
    assertOther(made("weak.mp4", "--control-video", video, "--control-strength", "0.5"), frames);
    // Streamed through less memory it is the same clip.
    assertSame(made("tight.mp4", "--control-video", video, "--vram", "24MiB"), frames);
  }

  @Test
  void picturesToReferToAreCutOffTheClip() throws IOException {
    Path reference = picture(folder.resolve("ref.png"), 90, 60, 30);
    List<RgbFrame> plain = made("plain.mp4", "--control-video", video, "--frames", "5");
    List<RgbFrame> one =
        made("one.mp4", "--control-video", video, "--frames", "5", "--ref-image", reference);
    assertThat(one).hasSize(5);
    assertOther(one, plain);
    List<RgbFrame> two =
        made(
            "two.mp4",
            "--size",
            "64x48",
            "--frames",
            "5",
            "--ref-image",
            reference,
            "--ref-image",
            picture(folder.resolve("other.png"), 64, 48, 10));
    assertThat(two).hasSize(5);
    assertThat(
            (List<?>)
                VideoMetadata.read(folder.resolve("two.mp4")).setting("ref-image").orElseThrow())
        .hasSize(2);
  }

  @Test
  void aMaskSaysWhatIsMadeAnew() throws IOException {
    Path mask = picture(folder.resolve("mask.png"), 64, 48, 32);
    Object[] options = {"--control-video", video, "--frames", "5", "--control-mask", mask};
    List<RgbFrame> grey = made("grey.mp4", options);
    Object[] shown = Arrays.copyOf(options, options.length + 2);
    shown[options.length] = "--mask-fill";
    shown[options.length + 1] = "video";
    assertOther(made("video.mp4", shown), grey);
  }

  @Test
  void aClipIsExpandedAndExtended() throws IOException {
    CommandRun wide =
        generate("wide.mp4", "--control-video", video, "--expand", "32,0,32,16", "--frames", "5");
    assertThat(wide.code()).as(wide.err()).isZero();
    // 128x64 in the area of the model's own 64x64.
    assertThat(frames("wide.mp4").get(0).width()).isEqualTo(80);
    assertThat(frames("wide.mp4").get(0).height()).isEqualTo(32);
    assertThat(VideoMetadata.read(folder.resolve("wide.mp4")).setting("expand"))
        .contains("32,0,32,16");
    List<RgbFrame> longer = made("longer.mp4", "--extend", video, "--frames", "9");
    assertThat(longer).hasSize(9);
    assertOther(
        made("short.mp4", "--extend", video, "--extend-frames", "1", "--frames", "9"), longer);
    Path first = picture(folder.resolve("first.png"), 64, 48, 20);
    assertThat(made("begun.mp4", "--extend", first, "--frames", "5")).hasSize(5);
  }

  @Test
  void aFolderOfPicturesAndAVideoOfAnotherRateDoAsWell() throws IOException {
    Path pictures = Files.createDirectory(folder.resolve("poses"));
    for (int i = 1; i <= 5; i++) {
      picture(pictures.resolve("pose" + i + ".png"), 64, 48, 8 * i);
    }
    assertThat(made("poses.mp4", "--control-video", pictures)).hasSize(5);
    Path fast = clip(folder.resolve("fast.mp4"), 20, 32);
    CommandRun run = generate("slow.mp4", "--control-video", fast, "--dry-run");
    assertThat(run.code()).as(run.err()).isZero();
    // 20 frames of 32 a second are 10 of 16, and the clip has 9.
    assertThat(run.err()).contains("64x48, 9 frames");
  }

  /** Runs one step of two and saves what there is, as a run that is stopped does. */
  private Path stopped(String output, UnaryOperator<GenerationRequest.Builder> settings)
      throws IOException {
    ModelFiles files =
        ModelFinder.resolve(SettingValues.NONE.with(Settings.DIFFUSION_MODEL, model).model());
    Path clip = folder.resolve(output);
    GenerationRequest.Builder common =
        GenerationRequest.builder()
            .prompt("a red circle")
            .seed(1)
            .steps(2)
            .guidanceScale(1)
            .set(Settings.DEVICE, "CPU")
            .set(Settings.THREADS, 1)
            .output(clip);
    try (OpenPipeline open = new VideoPipeline(files).open();
        SamplingRun run =
            open.start(
                settings.apply(common).build(files.model()),
                RunOptions.defaults().withCheckpointEvery(1))) {
      run.step();
    }
    return RunCheckpoint.fileFor(clip);
  }

  private static CommandRun resume(Path saved) {
    return CommandRun.of("resume", saved.toString(), "-t", "1", "--device", "CPU", "--json");
  }

  @Test
  void aStoppedRunGoesOnToTheSameFramesWhateverBecameOfItsFiles() throws IOException {
    Path reference = picture(folder.resolve("ref.png"), 64, 48, 30);
    Path copy = Files.copy(video, folder.resolve("copy.mp4"));
    List<RgbFrame> whole =
        made("whole.mp4", "--control-video", copy, "--ref-image", reference, "--frames", "5");
    Path saved =
        stopped(
            "stopped.mp4",
            r ->
                r.frames(5)
                    .set(Settings.CONTROL_VIDEO, copy)
                    .set(Settings.REF_IMAGE, FileList.of(reference)));
    Files.copy(clip(folder.resolve("else.mp4"), 5, 16), copy, StandardCopyOption.REPLACE_EXISTING);
    Files.delete(reference);
    CommandRun resumed = resume(saved);
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(logged.text())
        .contains("copy.mp4 has changed; the run goes on with what it saved")
        .contains("ref.png is gone; the run goes on with what it saved");
    JsonNode json = new ObjectMapper().readTree(resumed.out());
    assertThat(json.path("step_seconds")).hasSize(1);
    assertThat(json.path("stage_seconds").has("encode")).isFalse();
    assertSame(frames("stopped.mp4"), whole);
    assertThat(VideoMetadata.read(folder.resolve("stopped.mp4")).provenance().get("control-sha256"))
        .isEqualTo(
            VideoMetadata.read(folder.resolve("whole.mp4")).provenance().get("control-sha256"));
  }

  @Test
  void aStoppedExtensionGoesOnWithoutTheVideoAndSoDoesAClipThatIsShownNothing() throws IOException {
    Path copy = Files.copy(video, folder.resolve("copy.mp4"));
    List<RgbFrame> whole = made("whole.mp4", "--extend", copy, "--frames", "9");
    Path saved = stopped("stopped.mp4", r -> r.size(64, 48).frames(9).set(Settings.EXTEND, copy));
    Files.delete(copy);
    CommandRun resumed = resume(saved);
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertSame(frames("stopped.mp4"), whole);
    List<RgbFrame> free = made("free.mp4", "--size", "32x32", "--frames", "1");
    CommandRun again = resume(stopped("again.mp4", r -> r.size(32, 32).frames(1)));
    assertThat(again.code()).as(again.err()).isZero();
    assertSame(frames("again.mp4"), free);
  }

  /** As older versions saved it: then the run needs the files that it was started with. */
  @Test
  void aSavedRunWithoutWhatItIsShownWantsTheSameVideo() throws IOException {
    Path copy = Files.copy(video, folder.resolve("copy.mp4"));
    List<RgbFrame> whole = made("whole.mp4", "--control-video", copy, "--frames", "5");
    Path saved =
        stopped("stopped.mp4", r -> r.size(64, 48).frames(5).set(Settings.CONTROL_VIDEO, copy));
    RunCheckpoint full = RunCheckpoint.load(saved);
    new RunCheckpoint(
            full.settings(), full.shape(), full.latents(), full.sampler(), full.guidance())
        .save(saved);
    byte[] bytes = Files.readAllBytes(copy);
    Files.copy(clip(folder.resolve("else.mp4"), 5, 16), copy, StandardCopyOption.REPLACE_EXISTING);
    CommandRun other = resume(saved);
    assertThat(other.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(other.err())
        .contains("copy.mp4: this file is not the one that the run was started with");
    Files.delete(copy);
    CommandRun none = resume(saved);
    assertThat(none.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains("copy.mp4: no such file");
    Files.write(copy, bytes);
    CommandRun resumed = resume(saved);
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertSame(frames("stopped.mp4"), whole);
  }

  /** As Wan 2.2 VACE-Fun-A14B. */
  @Test
  void twoExpertsWithAControlBranchTakeTurns() throws IOException {
    Path other =
        SmallModels.transformer(
            folder.resolve("other.gguf"),
            new WanConfig(WanVariant.VACE, 16, 16, 256, 512, 256, 256, 4, 0, 2),
            4);
    Object[] shown = {"--control-video", video, "--frames", "5"};
    List<RgbFrame> one = made("one.mp4", shown);
    CommandRun run = generate("two.mp4", with(shown, "--high-noise-diffusion-model", other));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains(
            "two experts of unpublished shapes: the low-noise one takes over at noise level 0.875");
    List<RgbFrame> two = frames("two.mp4");
    assertOther(two, one);
    assertThat(VideoMetadata.read(folder.resolve("two.mp4")).setting("moe-boundary"))
        .contains(0.875);
    // Streamed they make the same clip; with every step of one expert it is another.
    assertSame(
        made(
            "tight.mp4", with(shown, "--high-noise-diffusion-model", other, "--max-resident", "0")),
        two);
    assertOther(
        made("high.mp4", with(shown, "--high-noise-diffusion-model", other, "--moe-boundary", "0")),
        two);
  }

  private static Object[] with(Object[] options, Object... more) {
    return Stream.concat(Arrays.stream(options), Arrays.stream(more)).toArray();
  }

  @Test
  void thePlanHoldsWhatTheRunTakes() throws IOException {
    Path reference = picture(folder.resolve("ref.png"), 64, 48, 30);
    CommandRun run =
        generate("plan.mp4", "--control-video", video, "--ref-image", reference, "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(run.out());
    long planned = json.path("planned_peak_bytes").asLong();
    assertThat(json.path("measured_peak_bytes").asLong())
        .isLessThanOrEqualTo(planned)
        .isGreaterThanOrEqualTo(planned * 97 / 100);
    CommandRun plan =
        CommandRun.of(
            "plan", "--model", "wan2.1-vace-1.3b", "--control-video", video.toString(), "--json");
    assertThat(plan.code()).as(plan.err()).isZero();
    JsonNode stages = new ObjectMapper().readTree(plan.out());
    assertThat(stages.path("stages").findValuesAsText("name"))
        .containsExactly("text", "encode", "sample", "decode");
    assertThat(stages.path("frames").asInt()).isEqualTo(9);
  }

  @Test
  void withNothingToGoByTheClipIsMadeFromThePrompt() throws IOException {
    CommandRun run = generate("text.mp4", "--size", "32x32", "--frames", "1");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("nothing to go by was given: the clip is made from the prompt");
  }

  private void refuses(String message, Object... options) {
    CommandRun run = generate("refused.mp4", options);
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err().lines().filter(line -> line.contains(message))).as(run.err()).hasSize(1);
  }

  @Test
  void whatDoesNotGoTogetherIsOneLineAndACode() throws IOException {
    Path mask = picture(folder.resolve("mask.png"), 64, 48, 32);
    refuses("a mask was given, but no control video", "--control-mask", mask);
    refuses("--mask-fill says what", "--control-video", video, "--mask-fill", "video");
    refuses("margins were given, but nothing", "--expand", "8,0,8,0");
    refuses("at least one margin above 0", "--control-video", video, "--expand", "0,0,0,0");
    refuses("'8,0' are not margins", "--control-video", video, "--expand", "8,0");
    refuses("were both given", "--control-video", video, "--extend", video);
    refuses("--extend-frames says how many", "--extend-frames", "5");
    refuses("expected 4n+1 frames, from 1 to 13", "--extend", video, "--extend-frames", "17");
    refuses("at least 5 frames", "--extend", video, "--frames", "1");
    refuses("--control-strength 3; expected 0 to 2", "--control-strength", "3");
    refuses("takes pictures otherwise", "-i", mask);
    CommandRun demo =
        CommandRun.of(
            "generate",
            "-p",
            "x",
            "-m",
            "tiny-wan",
            "--control-video",
            video.toString(),
            "--dry-run");
    assertThat(demo.code()).isEqualTo(ExitCode.USAGE);
    assertThat(demo.err())
        .contains("tiny-wan has no control branch", "wan2.1-vace-1.3b, ", "wan2.2-vace-fun-a14b")
        .hasLineCount(1);
  }

  @Test
  void filesThatCannotBeReadAreToldBeforeAnyWork() throws IOException {
    byte[] whole = Files.readAllBytes(video);
    Path cut = Files.write(folder.resolve("cut.mp4"), Arrays.copyOf(whole, whole.length / 2));
    Path none = folder.resolve("none.mp4");
    Path words = Files.writeString(folder.resolve("words.mp4"), "no video");
    for (Path file : List.of(cut, none, words)) {
      CommandRun run = generate("a.mp4", "--control-video", file);
      assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err().lines().filter(l -> l.contains(file.getFileName() + ": ")))
          .as(run.err())
          .hasSize(1);
      assertThat(run.err()).doesNotContain("text:");
    }
    CommandRun reference =
        generate("a.mp4", "--size", "64x48", "--frames", "5", "--ref-image", none);
    assertThat(reference.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(reference.err()).contains("none.mp4: no such file").doesNotContain("text:");
  }
}
