// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.weights.recipe.Recipes;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizeCommandTest {
  @TempDir Path directory;
  private String transformer;
  private String output;

  @BeforeEach
  void prepare() throws Exception {
    transformer = DemoModel.directory().resolve("diffusion_pytorch_model.safetensors").toString();
    output = directory.resolve("out.gguf").toString();
  }

  @Test
  void printsWhatBecameOfEachTensor() {
    CommandRun run = run(transformer, output, "--type", "q4_0", "-t", "2");
    assertThat(run.code()).isZero();
    assertThat(Path.of(output)).isRegularFile();
    assertThat(run.out())
        .containsPattern("blocks\\.0\\.self_attn\\.q\\.weight +F16 +Q4_0 +\\d\\.\\d{3}e-\\d\\d ")
        .contains("Wan transformer, Q4_0: 12.0 MiB -> 4.5 MiB")
        .contains("out.gguf written in");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void printsJsonForScripts() throws Exception {
    CommandRun run = run(transformer, "--dry-run", "--json", "--tensor-type", "ffn\\.0=Q8_0");
    assertThat(run.code()).isZero();
    assertThat(run.out()).hasLineCount(1);
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.get("written").asBoolean()).isFalse();
    assertThat(json.get("recipe").asText()).isEqualTo("Q4_K_M, ffn\\.0=Q8_0");
    assertThat(json.get("tensors")).hasSize(177);
    assertThat(json.get("mean_relative_error").asDouble()).isBetween(0.03, 0.06);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void usageErrorsGiveTwoAndSayWhy() throws Exception {
    assertFails(2, "unknown quantisation recipe 'q9'", transformer, output, "--type", "q9");
    assertFails(2, "missing OUT", transformer);
    assertFails(2, "not a size", transformer, output, "--target-size", "big");
    assertFails(
        2, "not both", transformer, output, "--target-size", "6MiB", "--target-error", "0.1");
    assertFails(2, "too small", transformer, output, "--target-size", "1MiB");
    assertFails(2, "not PATTERN=TYPE", transformer, output, "--tensor-type", "x");
    assertFails(2, "does not go with --dry-run", transformer, "--dry-run", "--verify");
    assertFails(2, "folder does not exist", transformer, output + "/x/y.gguf");
    assertFails(2, "is a folder", transformer, directory.toString());
    assertFails(2, "expected at least 1", transformer, output, "-t", "0");
    assertFails(
        2, "F16 quantises no", transformer, output, "--type", "F16", "--target-size", "9MiB");
    String vae = Path.of(transformer).resolveSibling("Wan2.1_VAE.safetensors").toString();
    assertFails(2, "and this is a Wan 2.1 VAE; leave it out", vae, output, "--verify");
    assertFails(2, "it takes 7,", vae, output, "--target-size", "2MiB");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void helpNamesEveryRecipe() {
    assertThat(run("--help").out().split("\\W+")).containsAll(Recipes.names());
  }

  private static void assertFails(int code, String message, String... arguments) {
    CommandRun run = run(arguments);
    assertThat(run.code()).as(message).isEqualTo(code);
    assertThat(run.err()).contains(message);
    assertThat(run.out()).isEmpty();
  }

  private static CommandRun run(String... arguments) {
    return CommandRun.of(
        Stream.concat(Stream.of("quantize"), Stream.of(arguments)).toArray(String[]::new));
  }
}
