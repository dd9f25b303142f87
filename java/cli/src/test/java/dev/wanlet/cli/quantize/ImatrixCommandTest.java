// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.Main;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.gguf.GgufFile;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImatrixCommandTest {
  @TempDir Path folder;
  private int liveBefore;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void countObjects() {
    liveBefore = Ggml.liveObjects();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  /** Importance gathered on one prompt brings the network's output on others closer. */
  @Test
  void gathersImportanceThatQuantizeUses() throws Exception {
    Path imatrix = folder.resolve("demo.imatrix.gguf");
    String[] gather = {
      "imatrix",
      "-p",
      "a red circle moving left on a black background",
      "--size",
      "64x64",
      "--steps",
      "4",
      "-t",
      "1",
      "-o",
      imatrix.toString()
    };
    assertThat(run(gather)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("60 matrices, 1 prompt of 4 steps");
    try (GgufFile file = GgufFile.open(imatrix)) {
      assertThat(file.string("general.type")).hasValue("imatrix");
      WeightTensor q = file.require("blocks.3.self_attn.q.weight.in_sum2");
      WeightTensor k = file.require("blocks.3.self_attn.k.weight.in_sum2");
      assertThat(q.toFloats()).hasSize(256).isEqualTo(k.toFloats());
      assertThat(file.require("blocks.3.ffn.2.weight.in_sum2").elements()).isEqualTo(768);
      // 3 latent frames of 4x4 tokens, 4 steps.
      assertThat(file.require("blocks.3.ffn.2.weight.counts").toFloats()).containsExactly(192);
      assertThat(file.require("blocks.0.cross_attn.k.weight.counts").toFloats()[0])
          .isBetween(10f, 40f);
    }
    String model = DemoModel.directory().resolve("diffusion_pytorch_model.safetensors").toString();
    double plain = error(model, "--type", "Q3_K_S");
    double weighted = error(model, "--type", "Q3_K_S", "--imatrix", imatrix.toString());
    assertThat(weighted).isLessThan(plain);
  }

  @Test
  void usageErrorsSayWhatIsWrong() {
    String output = folder.resolve("x.gguf").toString();
    assertThat(run("imatrix", "-o", output)).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("no prompts");
    assertThat(run("imatrix", "-p", "a", "--size", "60x64", "-o", output))
        .isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("60x64", "multiples of 16");
    assertThat(run("imatrix", "-p", "a", "--frames", "8", "-o", output)).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("4n+1");
    assertThat(run("imatrix", "-p", "a", "-t", "1000", "-o", output)).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("1000 threads; expected 1 to ");
    assertThat(run("imatrix", "-p", "a", "--lora", "x", "-o", output)).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).doesNotContain("internal error");
  }

  @Test
  void aFileOfPromptsIsTextInUtf8() throws Exception {
    String output = folder.resolve("x.gguf").toString();
    Path prompts = folder.resolve("prompts.txt");
    Files.writeString(prompts, "caf\u00e9", StandardCharsets.ISO_8859_1);
    assertThat(run("imatrix", "--prompts", prompts.toString(), "-o", output))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(err.toString()).contains(prompts + ": not text in UTF-8; save it so");
    Files.writeString(prompts, "\uFEFFcaf\u00e9\n\n"); // as Windows' editor saves it
    String[] args = {"imatrix", "--prompts", prompts.toString(), "--size", "64x64", "-t", "1"};
    assertThat(run(with(args, "--frames", "1", "--steps", "1", "-o", output)))
        .as(err.toString())
        .isZero();
    try (GgufFile file = GgufFile.open(Path.of(output))) {
      assertThat(file.values().get("imatrix.datasets").toString()).doesNotContain("\uFEFF");
    }
    assertThat(run(with(args, "-o", prompts.toString()))).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("is the file of --prompts");
  }

  private static String[] with(String[] args, String... more) {
    return Stream.concat(Stream.of(args), Stream.of(more)).toArray(String[]::new);
  }

  /** Each expert by the steps that it takes of a run: 6 of 8 at the shift of Wan 2.2. */
  @Test
  void ofTwoExpertsEachIsMeasuredAtItsOwnSteps() throws Exception {
    String[] args = {
      "imatrix", "-p", "a red circle", "--size", "64x64", "--frames", "1", "-t", "1"
    };
    for (String noise : List.of("high", "low")) {
      Path file = folder.resolve("wan2.2_t2v_" + noise + "_noise_14B_fp16.gguf");
      String[] synth = {"synth", "wan2.2-t2v-a14b", "--layers", "1", "--width", "256"};
      assertThat(run(with(synth, "--type", "F16", "-o", file.toString()))).isZero();
      String flag = noise.equals("high") ? "--high-noise-diffusion-model" : "--diffusion-model";
      args = with(args, flag, file.toString());
    }
    args = with(args, "-o", folder.resolve("x.imatrix.gguf").toString());
    assertThat(run(args)).as(err.toString()).isZero();
    assertThat(err.toString()).contains("high-noise expert, prompt 1 of 1", "low-noise expert, ");
    float all = 0;
    for (String expert : List.of("high-noise", "low-noise")) {
      try (GgufFile file = GgufFile.open(folder.resolve("x-" + expert + ".imatrix.gguf"))) {
        float rows = file.require("blocks.0.ffn.2.weight.counts").toFloats()[0];
        assertThat(rows).as(expert).isGreaterThanOrEqualTo(16);
        all += rows;
      }
    }
    assertThat(all).isEqualTo(8 * 16); // 4x4 tokens a step
    assertThat(folder.resolve("x.imatrix.gguf")).doesNotExist();
    assertThat(run(with(args, "--steps", "1"))).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("--steps 1 leaves the low-noise expert no step");
  }

  private double error(String model, String... options) throws Exception {
    String[] arguments = new String[options.length + 5];
    System.arraycopy(options, 0, arguments, 0, options.length);
    arguments[options.length] = "--verify";
    arguments[options.length + 1] = "--json";
    arguments[options.length + 2] = model;
    arguments[options.length + 3] = folder.resolve("out.gguf").toString();
    arguments[options.length + 4] = "-t=1";
    String[] all = new String[arguments.length + 1];
    all[0] = "quantize";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    out.getBuffer().setLength(0);
    assertThat(run(all)).as(err.toString()).isZero();
    JsonNode report = new ObjectMapper().readTree(out.toString());
    return report.get("verify").get("relative_error").asDouble();
  }

  private int run(String... arguments) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
