// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.read.VideoReader;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small models of every published kind, made by synth, quantised, and run. */
class EveryKindTest {
  @TempDir private Path folder;
  private Path picture;

  @BeforeEach
  void draw() throws IOException {
    picture = folder.resolve("red.png");
    ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", picture.toFile());
  }

  private static CommandRun ok(Object... arguments) {
    CommandRun run =
        CommandRun.of(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
    assertThat(run.code()).as(Arrays.toString(arguments) + run.err()).isZero();
    return run;
  }

  /** A part of random weights in F16, then quantised. */
  private Path part(String id, String part, String name, String type, Object... sizes) {
    Path plain = folder.resolve("plain.gguf");
    List<Object> synth =
        new ArrayList<>(List.of("synth", id, "--part", part, "--type", "F16", "-o", plain));
    synth.addAll(List.of(sizes));
    ok(synth.toArray());
    Path quantised = folder.resolve(name);
    ok("quantize", plain, quantised, "--type", type, "-t", "2");
    return quantised;
  }

  @ParameterizedTest
  @CsvSource({
    "wan2.1-t2v-14b, 0",
    "wan2.1-i2v-14b-480p, 1",
    "wan2.1-flf2v-14b-720p, 2",
    "wan2.2-i2v-a14b, 1",
    "wan2.2-ti2v-5b, 1",
    "wan2.1-vace-1.3b, 0"
  })
  void runsQuantised(String id, int pictures) throws IOException {
    Path model = part(id, "transformer", "model.gguf", "Q4_K_M", "--layers", 2, "--width", 256);
    Path output = folder.resolve("clip.mp4");
    List<Object> run = new ArrayList<>(List.of("generate", "-p", "a red circle", "-s", "1"));
    run.addAll(List.of("--steps", "1", "--frames", "5", "--size", "64x64", "--cfg-scale", "1"));
    run.addAll(List.of("--device", "CPU", "-t", "1", "-o", output, "--diffusion-model", model));
    if (pictures > 0) {
      run.addAll(List.of("-i", picture));
    }
    if (pictures > 1) {
      run.addAll(List.of("--end-img", picture));
    }
    if (id.startsWith("wan2.1-i2v") || id.contains("flf2v")) {
      Path clip = part(id, "clip", "clip.gguf", "Q8_0", "--layers", 2, "--width", 160);
      run.addAll(List.of("--clip-vision", clip));
    }
    if (id.equals("wan2.2-ti2v-5b")) {
      run.addAll(List.of("--vae", part(id, "vae", "vae.gguf", "Q8_0", "--width", 8)));
    }
    ok(run.toArray());
    assertThat(VideoReader.readAll(output)).hasSize(5);
  }

  @Test
  void aModelsFolderIsQuantisedInOneCall() throws IOException {
    Path small = folder.resolve("small");
    ok("quantize", DemoModel.directory(), small, "--type", "q8_0");
    ModelFiles files = ModelFiles.in(small);
    assertThat(files.model().id()).isEqualTo("tiny-wan");
    assertThat(files.transformer()).hasFileName("tiny-wan-Q8_0.gguf");
    assertThat(files.textEncoder()).hasFileName("tiny-wan-text-encoder-Q8_0.gguf");
    Path output = folder.resolve("clip.mp4");
    ok(
        "generate",
        "--model",
        small,
        "-p",
        "a red circle",
        "--steps",
        "1",
        "--frames",
        "9",
        "-o",
        output);
    assertThat(VideoReader.readAll(output)).hasSize(9);
  }

  /** What one part cannot have is no reason to do without the others. */
  @Test
  void everyPartIsWrittenWhateverTheyCannotHave() throws IOException {
    Path verified = folder.resolve("verified");
    CommandRun run =
        CommandRun.of(
            "quantize",
            DemoModel.directory().toString(),
            verified.toString(),
            "--type",
            "Q8_0",
            "--verify",
            "--tensor-type",
            "self_attn\\.q=F16");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("not verified: --verify runs transformers and text encoders", "Wan 2.1 VAE");
    assertThat(run.out().lines().filter(line -> line.startsWith("forward pass on "))).hasSize(2);
    assertThat(ModelFiles.in(verified).model().id()).isEqualTo("tiny-wan");

    Path chosen = folder.resolve("chosen");
    ok("quantize", DemoModel.directory(), chosen, "--target-error", "0.05");
    ModelFiles files = ModelFiles.in(chosen);
    assertThat(files.transformer()).hasFileName("tiny-wan-target-error-0.05.gguf");
    assertThat(files.vae()).hasFileName("tiny-wan-vae-target-error-0.05.gguf");

    CommandRun none =
        CommandRun.of(
            "quantize",
            DemoModel.directory().toString(),
            folder.resolve("none").toString(),
            "--tensor-type",
            "nowhere=F16");
    assertThat(none.code()).isEqualTo(ExitCode.USAGE);
    assertThat(none.err()).contains("no tensor of any network in the folder", "nowhere=F16");
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void bothExpertsAreQuantisedInOneCall() throws IOException {
    Path two = Files.createDirectory(folder.resolve("two"));
    for (String noise : List.of("high", "low")) {
      Path file = two.resolve("wan2.2_t2v_" + noise + "_noise_14B_fp16.gguf");
      ok("synth", "wan2.2-t2v-a14b", "--layers", 1, "--width", 256, "--type", "F16", "-o", file);
    }
    Path out = folder.resolve("out");
    ok("quantize", two, out, "--type", "Q4_K_M");
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "custom-high-noise-Q4_K_M.gguf", "custom-low-noise-Q4_K_M.gguf");
    }
  }

  @Test
  void aFolderDoesNotGoIntoAFile() throws IOException {
    CommandRun run =
        CommandRun.of(
            "quantize", DemoModel.directory().toString(), folder.resolve("a.gguf").toString());
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("holds 3 networks; give a folder for OUT");
    CommandRun sized =
        CommandRun.of(
            "quantize",
            DemoModel.directory().toString(),
            folder.resolve("out").toString(),
            "--target-size",
            "1MiB");
    assertThat(sized.code()).isEqualTo(ExitCode.USAGE);
    assertThat(sized.err()).contains("are for one: give its file");
  }
}
