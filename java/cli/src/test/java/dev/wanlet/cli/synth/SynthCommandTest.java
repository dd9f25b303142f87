// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SynthCommandTest {
  private static final ModelDefaults TINY = ModelCatalog.standard().require("tiny-wan");

  @TempDir private Path folder;

  private Path synth(String name, String... options) {
    Path file = folder.resolve(name);
    String[] args =
        Stream.concat(Stream.of("synth", "tiny-wan", "-o", file.toString()), Stream.of(options))
            .toArray(String[]::new);
    CommandRun run = CommandRun.of(args);
    assertThat(run.err()).doesNotContain("error");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains(file.toString(), "tiny-wan").hasLineCount(1);
    return file;
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "F16", "bf16", "q8_0", "Q4_K_M", "q5_k", "IQ4_NL", "q2_k"})
  void everyTypeMakesAWholeTransformer(String type) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(synth("a.gguf", "--type", type))) {
      assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.TRANSFORMER);
      assertThat(WanConfig.infer(checkpoint.source())).isEqualTo(TINY.transformer());
      assertThat(checkpoint.metadata()).containsEntry("general.architecture", "wan");
      String matrix = "blocks.0.self_attn.q.weight";
      StoredType stored = checkpoint.source().require(matrix).type();
      assertThat(type.toUpperCase(java.util.Locale.ROOT)).startsWith(stored.name());
    }
  }

  @Test
  void itsTensorsAreThoseOfTheRealModel() throws IOException {
    try (Checkpoint real =
            Checkpoint.open(DemoModel.directory().resolve("diffusion_pytorch_model.safetensors"));
        Checkpoint synthetic = Checkpoint.open(synth("a.gguf", "--type", "f16"))) {
      assertThat(synthetic.source().tensors().stream().map(t -> t.name() + t.shape()))
          .containsExactlyInAnyOrderElementsOf(
              real.source().tensors().stream().map(t -> t.name() + t.shape()).toList());
    }
  }

  @Test
  void scalesKeepActivationsInRange() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(synth("a.gguf", "--type", "f32"))) {
      float[] matrix =
          checkpoint.source().require("blocks.2.ffn.2.weight").toFloats(); // 768 inputs
      assertThat(deviation(matrix)).isBetween(0.034, 0.038);
      WeightTensor norm = checkpoint.source().require("blocks.2.self_attn.norm_q.weight");
      assertThat(norm.toFloats()[0]).isBetween(0.5f, 1.5f);
      float[] other = checkpoint.source().require("blocks.3.ffn.2.weight").toFloats();
      assertThat(other).isNotEqualTo(matrix);
    }
  }

  private static double deviation(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += (double) v * v;
    }
    return Math.sqrt(sum / values.length);
  }

  @Test
  void theSeedDecidesEveryByte() throws IOException {
    byte[] first = Files.readAllBytes(synth("a.gguf", "--seed", "5"));
    assertThat(Files.readAllBytes(synth("b.gguf", "--seed", "5"))).isEqualTo(first);
    assertThat(Files.readAllBytes(synth("c.gguf", "--seed", "6"))).isNotEqualTo(first);
  }

  @Test
  void textEncodersHaveLlamaCppNames() throws IOException {
    Path file = synth("t5.gguf", "--part", "text-encoder", "--type", "q8_0");
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.TEXT_ENCODER);
      assertThat(checkpoint.layout().title()).contains("llama.cpp");
      assertThat(checkpoint.metadata()).containsEntry("t5encoder.attention.head_count", "4");
      assertThat(checkpoint.source().require("token_embedding.weight").shape().dims())
          .containsExactly(684, 256);
    }
  }

  @Test
  void syntheticPartsMakeAClipTogether() {
    CommandRun run =
        CommandRun.of(
            "generate",
            "--diffusion-model=" + synth("dit.gguf"),
            "--text-encoder=" + synth("t5.gguf", "--part", "text-encoder"),
            "--vae=" + synth("vae.gguf", "--part", "vae"),
            "-p",
            "a red circle",
            "--frames=1",
            "--steps=1",
            "-t1",
            "--device=CPU",
            "-o" + folder.resolve("noise.mp4"));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(folder.resolve("noise.mp4")).isNotEmptyFile();
    assertThat(run.err()).doesNotContain("demo model");
  }

  @Test
  void theVaeHasTheTensorsOfTheRealOne() throws IOException {
    try (Checkpoint real =
            Checkpoint.open(DemoModel.directory().resolve("Wan2.1_VAE.safetensors"));
        Checkpoint synthetic = Checkpoint.open(synth("vae.gguf", "--part", "vae"))) {
      assertThat(synthetic.kind()).isEqualTo(CheckpointKind.VAE_2_1);
      assertThat(synthetic.source().tensors().stream().map(t -> t.name() + t.shape()))
          .containsExactlyInAnyOrderElementsOf(
              real.source().tensors().stream().map(t -> t.name() + t.shape()).toList());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "wan9, Q8_0, transformer, 'wan9'",
    "tiny-wan, Q9_Z, transformer, Q9_Z",
    "tiny-wan, Q8_0, brain, 'brain'"
  })
  void badArgumentsAreQuoted(String id, String type, String part, String quoted)
      throws IOException {
    Path file = folder.resolve("a.gguf");
    CommandRun run =
        CommandRun.of("synth", id, "--type", type, "--part", part, "-o", file.toString());
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(quoted.replace("'", "")).hasLineCount(1);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void outputsThatCannotBeWritten() {
    Path nowhere = folder.resolve("no/such/a.gguf");
    assertThat(CommandRun.of("synth", "tiny-wan", "-o", nowhere.toString()).code())
        .isEqualTo(ExitCode.USAGE);
    assertThat(CommandRun.of("synth", "tiny-wan", "-o", folder.toString()).code())
        .isEqualTo(ExitCode.USAGE);
    CommandRun none = CommandRun.of("synth", "tiny-wan");
    assertThat(none.code()).isEqualTo(ExitCode.USAGE);
    assertThat(none.err()).contains("--output");
  }
}
