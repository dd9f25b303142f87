// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reference folders run from end to end, and what the runner says of bad ones. */
class ParityRunnerTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Path TOKENIZERS =
      Path.of("src/test/resources/dev/wanlet/wan/text/tokenizer-spm");

  @TempDir private Path temporary;
  private int liveBefore;

  @BeforeEach
  void count() {
    liveBefore = Ggml.liveObjects();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private static ParityOptions options(Precision precision) {
    // Tiny graphs: a second thread would mostly wait.
    return new ParityOptions(Device.cpu(), precision, 1);
  }

  private static List<TapResult> run(Path folder) throws IOException {
    return ParityRunner.run(folder, options(Precision.F32));
  }

  @ParameterizedTest
  @CsvSource({
    "umt5, 15",
    "rope, 8",
    "noise, 21",
    "schedulers, 311",
    "dit-t2v, 26",
    "dit-wan22-i2v, 12",
    "dit-i2v, 13",
    "dit-t2v-nag, 3",
    "dit-wan22-ti2v, 20",
    "dit-flf2v, 14",
    "dit-vace, 25",
    "e2e-t2v, 19",
    "clip, 19",
    "vae21, 30",
    "vae22, 38",
    "conditioning, 16",
    "tae21, 3",
    "tae22, 3"
  })
  void everyTapOfAFolderIsWithinItsTolerance(String folder, int taps) throws IOException {
    List<TapResult> results = run(GOLDEN.resolve(folder));
    assertThat(results).hasSize(taps).allMatch(TapResult::ok);
    assertThat(ParityReport.passed(results)).isTrue();
  }

  /** As a plan for a tight budget runs them; {@code EveryKindChunkedTest} has more tokens. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "umt5",
        "dit-t2v",
        "dit-t2v-nag",
        "dit-i2v",
        "dit-flf2v",
        "dit-vace",
        "dit-wan22-i2v",
        "dit-wan22-ti2v",
        "e2e-t2v",
        "clip",
        "vae21",
        "vae22",
        "conditioning"
      })
  void soIsEveryTapOfARunInTheLeastMemory(String folder) throws IOException {
    List<TapResult> whole = run(GOLDEN.resolve(folder));
    List<TapResult> streamed =
        ParityRunner.run(GOLDEN.resolve(folder), options(Precision.F32).inLeastMemory());
    assertThat(streamed).allMatch(TapResult::ok).isEqualTo(whole);
  }

  /** The folder is one of a whole model: its weights lie beside it. */
  @Test
  void theDemoModelGivesTheFramesOfTheOfficialCode() throws IOException {
    Path model = DemoModel.directory();
    for (String file :
        List.of(
            "diffusion_pytorch_model.safetensors",
            "Wan2.1_VAE.safetensors",
            "models_t5_umt5-xxl-enc.safetensors",
            "google/umt5-xxl/spiece.model")) {
      Path copy = temporary.resolve(file);
      Files.createDirectories(copy.getParent());
      Files.copy(model.resolve(file), copy);
    }
    Path check = Files.createDirectory(temporary.resolve("check"));
    try (var files = Files.list(GOLDEN.resolve("tiny-wan/check"))) {
      for (Path file : files.toList()) {
        Files.copy(file, check.resolve(file.getFileName()));
      }
    }
    List<TapResult> results = run(check);
    assertThat(results).hasSize(23).allMatch(TapResult::ok);
    TapResult frames = results.get(results.size() - 1);
    assertThat(frames.name()).isEqualTo("frames");
    // Truncated on both sides, so a rounding difference may be one level, but hardly ever is.
    assertThat(frames.maxAbs()).isLessThanOrEqualTo(1);
    assertThat(frames.nmse()).isLessThan(1e-6);
  }

  /** Its transformer is stored in fewer bits than the reference ran with: alike, not equal. */
  @Test
  void theDemoModelsPictureClipIsNearThatOfTheOfficialCode() throws IOException {
    Path model = DemoModel.directory();
    for (String file :
        List.of(
            "Wan2.1_VAE.safetensors",
            "models_t5_umt5-xxl-enc.safetensors",
            "google/umt5-xxl/spiece.model")) {
      Path copy = temporary.resolve(file);
      Files.createDirectories(copy.getParent());
      Files.copy(model.resolve(file), copy);
    }
    Path transformer = DemoModel.imageToVideoTransformer();
    Files.copy(transformer, temporary.resolve(transformer.getFileName()));
    Path check = Files.createDirectory(temporary.resolve("check"));
    try (var files = Files.list(GOLDEN.resolve("tiny-wan-i2v/check"))) {
      for (Path file : files.toList()) {
        Files.copy(file, check.resolve(file.getFileName()));
      }
    }
    List<TapResult> results = run(check);
    assertThat(results)
        .extracting(TapResult::name)
        .containsExactlyInAnyOrder("ids", "condition", "velocity_t1000", "latents", "frames");
    assertThat(results).allMatch(TapResult::ok);
    assertThat(results.get(results.size() - 1).nmse()).isLessThan(1e-4);
  }

  @Test
  void tokenizersGiveTheReferenceIds() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("tokenizer"));
    for (String file : List.of("identity.model", "identity.json")) {
      Files.copy(TOKENIZERS.resolve(file), folder.resolve(file));
    }
    config(
        folder,
        """
        {"kind": "tokenizer", "tolerance": {"default": 0},
         "cases": [["identity.model", "identity.json"]]}""");
    assertThat(run(folder)).hasSizeGreaterThan(30).allMatch(TapResult::ok);
  }

  @Test
  void halfPrecisionFailsFloat32Tolerances() throws IOException {
    List<TapResult> results = ParityRunner.run(GOLDEN.resolve("umt5"), options(Precision.AUTO));
    assertThat(ParityReport.passed(results)).isFalse();
    TapResult output =
        results.stream().filter(r -> r.name().equals("output")).findFirst().orElseThrow();
    assertThat(output.ok()).isFalse();
    assertThat(output.maxAbs()).isBetween(output.bound(), 1e-2);
    assertThat(output.nmse()).isBetween(1e-9, 1e-5);
  }

  @Test
  void aTapThatIsNotProducedFails() throws IOException {
    Path folder = noise("{\"default\": 1e-6}");
    List<TapResult> results = run(folder);
    assertThat(results).hasSize(2);
    assertThat(results.get(0)).matches(r -> r.name().equals("seed7.shape2") && !r.ok());
    assertThat(results.get(1)).matches(r -> r.name().equals("something.else") && !r.ok());
    assertThat(results.get(1).problem()).isEqualTo("not produced");
    assertThat(ParityReport.lines(results))
        .hasSize(3)
        .anyMatch(line -> line.matches("something\\.else +max-abs .* FAIL {2}\\(not produced\\)"))
        .last()
        .isEqualTo("2 taps, 2 FAILED");
  }

  @Test
  void theLastGlobThatFitsIsTheTolerance() throws IOException {
    assertThat(run(noise("{\"*\": 100, \"default\": 0}")).get(0).ok()).isTrue();
    assertThat(run(noise("{\"default\": 100, \"*\": 100, \"seed?.*\": 0}")).get(0).ok()).isFalse();
    assertThat(run(noise("{\"seed?.*\": 0, \"*.shape2\": 50, \"default\": 0}")).get(0).bound())
        .isEqualTo(50 * 3.0);
  }

  @Test
  void badFoldersAreNamed() throws IOException {
    assertThatThrownBy(() -> run(temporary.resolve("nowhere")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("config.json");
    Path folder = Files.createDirectory(temporary.resolve("bad"));
    config(folder, "{");
    assertThatThrownBy(() -> run(folder))
        .isInstanceOf(ParityException.class)
        .hasMessageContaining("not valid JSON");
    config(folder, "{\"kind\": \"juggling\", \"tolerance\": {\"default\": 1}}");
    assertThatThrownBy(() -> run(folder))
        .isInstanceOf(ParityException.class)
        .hasMessageContaining("'juggling'")
        .hasMessageContaining("umt5");
    config(folder, "{\"kind\": \"noise\", \"tolerance\": {\"*\": 1}}");
    assertThatThrownBy(() -> run(folder)).hasMessageContaining("no 'default'");
    config(folder, "{\"kind\": \"noise\", \"tolerance\": {\"default\": \"small\"}}");
    assertThatThrownBy(() -> run(folder)).hasMessageContaining("small");
    config(folder, "{\"kind\": \"noise\", \"tolerance\": {\"default\": 1}}");
    assertThatThrownBy(() -> run(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("outputs.safetensors");
    config(folder, "{\"kind\": \"umt5\", \"tolerance\": {\"default\": 1}, \"weights\": 3}");
    write(folder.resolve("outputs.safetensors"), "output");
    assertThatThrownBy(() -> run(folder)).hasMessageContaining("'weights'");
  }

  @Test
  void notFiniteValuesAndWrongLengthsFail() {
    float[] expected = {1, -2};
    TapResult nan = TapResult.compare("t", new float[] {1, Float.NaN}, expected, 1e9);
    assertThat(nan.ok()).isFalse();
    assertThat(nan.problem()).contains("value 1 is NaN");
    TapResult shorter = TapResult.compare("t", new float[] {1}, expected, 1e9);
    assertThat(shorter.ok()).isFalse();
    assertThat(shorter.problem()).contains("1 values, expected 2");
    TapResult close = TapResult.compare("t", new float[] {1, -2.5f}, expected, 0.25);
    assertThat(close).isEqualTo(new TapResult("t", 0.5, 0.05, 0.5, true, ""));
    assertThat(ParityReport.passed(List.of())).isFalse();
  }

  /** A folder with a tap of known name and wrong values, and one of a name nobody knows. */
  private Path noise(String tolerance) throws IOException {
    Path folder = Files.createTempDirectory(temporary, "noise");
    config(folder, "{\"kind\": \"noise\", \"tolerance\": " + tolerance + "}");
    write(folder.resolve("outputs.safetensors"), "seed7.shape2", "something.else");
    return folder;
  }

  private static void config(Path folder, String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), json);
  }

  /** Tensors with the values -3 and 3. */
  private static void write(Path file, String... names) throws IOException {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file);
        HostMemory values = new HostMemory(8)) {
      values.view(0, 8).putFloat(-3).putFloat(3);
      for (String name : names) {
        writer.declare(name, StoredType.F32, Shape.of(2));
      }
      for (String name : names) {
        writer.append(name, values.address(), 8);
      }
      writer.commit();
    }
  }
}
