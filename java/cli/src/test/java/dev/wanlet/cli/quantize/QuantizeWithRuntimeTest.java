// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What quantize takes from the runtime: forward passes to compare, and tokenizers. */
class QuantizeWithRuntimeTest {
  @TempDir Path folder;
  private int liveBefore;
  private Path demo;
  private Path output;

  @BeforeEach
  void prepare() throws Exception {
    liveBefore = Ggml.liveObjects();
    demo = DemoModel.directory();
    output = folder.resolve("out.gguf");
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  @Test
  void aFinerTypeGivesACloserForwardPass() throws Exception {
    String transformer = demo.resolve("diffusion_pytorch_model.safetensors").toString();
    List<Double> errors = new ArrayList<>();
    for (String type : List.of("F32", "Q8_0", "Q6_K", "Q4_K_M", "Q2_K")) {
      JsonNode report = run(transformer, "--type", type, "--verify");
      errors.add(report.get("verify").get("relative_error").asDouble());
    }
    assertThat(errors.get(0)).isZero();
    assertThat(errors).isSorted().doesNotHaveDuplicates();
    assertThat(errors.get(1)).isBetween(1e-4, 0.02);
    assertThat(errors.get(3)).isBetween(0.005, 0.1);
  }

  /** Q4_K_M's size, spent where measured errors say, gives a closer output than Q4_K_M. */
  @Test
  void aChosenMixBeatsTheRecipeOfItsSizeInWhatComesOut() throws Exception {
    String transformer = demo.resolve("diffusion_pytorch_model.safetensors").toString();
    JsonNode recipe = run(transformer, "--type", "Q4_K_M", "--verify");
    String size = recipe.get("file_bytes").asText();
    JsonNode chosen = run(transformer, "--target-size", size, "--verify");
    assertThat(Files.size(output)).isLessThanOrEqualTo(recipe.get("file_bytes").asLong());
    assertThat(chosen.get("verify").get("relative_error").asDouble())
        .isLessThan(recipe.get("verify").get("relative_error").asDouble());
  }

  @Test
  void textEncodersBringTheirVocabulary() throws Exception {
    Path text = demo.resolve("models_t5_umt5-xxl-enc.safetensors");
    JsonNode report = run(text.toString(), "--type", "Q8_0", "--verify");
    assertThat(report.get("verify").get("relative_error").asDouble()).isBetween(1e-5, 0.05);
    try (Tokenizer original = Tokenizer.fromSpiece(demo.resolve("google/umt5-xxl/spiece.model"));
        Tokenizer embedded = Tokenizer.open(output)) {
      for (String prompt :
          List.of(
              "a red circle moving left on a black background",
              "  a   star\u3000\ufb01 \u00e9\u0301 \ud83d\ude80 ",
              "")) {
        assertThat(embedded.encode(prompt, 64)).isEqualTo(original.encode(prompt, 64));
      }
    }
    // And on: a GGUF's vocabulary goes into the next file.
    Path second = folder.resolve("second.gguf");
    assertThat(
            CommandRun.of("quantize", output.toString(), second.toString(), "--type", "Q4_0")
                .code())
        .isZero();
    try (Tokenizer again = Tokenizer.open(second)) {
      assertThat(again.encode("a red circle", 64)).hasSizeGreaterThan(3);
    }
  }

  private JsonNode run(String input, String... options) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("quantize", input, output.toString(), "--json"));
    arguments.addAll(List.of(options));
    CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).isEmpty();
    return new ObjectMapper().readTree(run.out());
  }
}
