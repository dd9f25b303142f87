// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.demo.DemoModel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class QuantizeCommandTest {
  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private String transformer;
  private String output;

  @BeforeEach
  void prepare() throws Exception {
    transformer = DemoModel.directory().resolve("diffusion_pytorch_model.safetensors").toString();
    output = directory.resolve("out.gguf").toString();
  }

  @Test
  void printsWhatBecameOfEachTensor() {
    assertThat(run(transformer, output, "--type", "q4_0", "-t", "2")).isZero();
    assertThat(Path.of(output)).isRegularFile();
    assertThat(out.toString())
        .containsPattern("blocks\\.0\\.self_attn\\.q\\.weight +F16 +Q4_0 +\\d\\.\\d{3}e-\\d\\d ")
        .contains("Wan transformer, Q4_0: 12.0 MiB -> 4.5 MiB")
        .contains("out.gguf written in");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void printsJsonForScripts() throws Exception {
    assertThat(run(transformer, "--dry-run", "--json", "--tensor-type", "ffn\\.0=Q8_0")).isZero();
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("written").asBoolean()).isFalse();
    assertThat(json.get("recipe").asText()).isEqualTo("Q4_K_M, ffn\\.0=Q8_0");
    assertThat(json.get("tensors")).hasSize(177);
    assertThat(json.get("mean_relative_error").asDouble()).isBetween(0.03, 0.06);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void usageErrorsGiveTwoAndSayWhy() throws Exception {
    assertFails(2, "unknown type 'q9'", transformer, output, "--type", "q9");
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
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void strengthsAreNumbersBehindTheLastColon() {
    assertThat(QuantizeCommand.lora("a.safetensors:0.5").strength()).isEqualTo(0.5);
    assertThat(QuantizeCommand.lora("a.safetensors:-1").file()).isEqualTo(Path.of("a.safetensors"));
    assertThat(QuantizeCommand.lora("a.safetensors").strength()).isEqualTo(1);
    assertThat(QuantizeCommand.lora("dir:b/a.safetensors").strength()).isEqualTo(1);
    assertThat(QuantizeCommand.lora("dir:b/a.safetensors").file())
        .isEqualTo(Path.of("dir:b/a.safetensors"));
  }

  private void assertFails(int code, String message, String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    assertThat(run(arguments)).as(message).isEqualTo(code);
    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  private int run(String... arguments) {
    return new CommandLine(new QuantizeCommand())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
