// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanCommandTest {
  @TempDir private Path folder;

  private static CommandRun plan(String... options) {
    List<String> args = new ArrayList<>(List.of("plan", "--device", "CPU", "-t", "1"));
    args.addAll(List.of(options));
    return CommandRun.of(args.toArray(String[]::new));
  }

  private static JsonNode json(CommandRun run) throws IOException {
    assertThat(run.out()).as(run.err()).isNotEmpty();
    return new ObjectMapper().readTree(run.out());
  }

  @ParameterizedTest
  @CsvSource({
    "wan2.1-t2v-14b, q4_k_m, 832x480, 4GiB",
    "wan2.1-t2v-14b, Q4_K, 1280x720, 6GiB",
    "wan2.2-t2v-a14b, Q4_K, 832x480, 4GiB",
    "wan2.1-t2v-1.3b, Q8_0, 832x480, 2GiB"
  })
  void anIdNeedsNoFiles(String id, String type, String size, String vram) throws IOException {
    CommandRun run =
        plan(
            "--model",
            id,
            "--type",
            type,
            "--size",
            size,
            "--frames",
            "81",
            "--vram",
            vram,
            "--ram",
            "16GiB",
            "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode json = json(run);
    long budget = ByteSize.parse(vram).bytes();
    assertThat(json.path("fits").asBoolean()).isTrue();
    assertThat(json.path("budget_bytes").asLong()).isEqualTo(budget);
    assertThat(json.path("peak_device_bytes").asLong()).isBetween(1L << 30, budget);
    assertThat(json.path("host_bytes").asLong()).isBetween(64L << 20, 16L << 30);
    assertThat(json.path("predicted_step_seconds").asDouble()).isPositive();
    assertThat(json.path("stages").findValuesAsText("name"))
        .containsExactly("text", "sample", "decode");
    for (JsonNode stage : json.path("stages")) {
      long sum = 0;
      for (String part : List.of("weight", "resident", "slot", "state", "compute", "hidden")) {
        sum += stage.path(part + "_bytes").asLong();
      }
      assertThat(stage.path("peak_device_bytes").asLong())
          .isEqualTo(sum)
          .isLessThanOrEqualTo(budget);
    }
  }

  @Test
  void whatDoesNotFitIsToldWithTheNumbersThatDo() throws IOException {
    CommandRun run =
        plan("--model", "wan2.1-t2v-1.3b", "--type", "q8_0", "--vram", "10MiB", "--json");
    assertThat(run.code()).isEqualTo(ExitCode.OVER_BUDGET);
    JsonNode json = json(run);
    assertThat(json.path("fits").asBoolean(true)).isFalse();
    assertThat(json.path("budget_bytes").asLong()).isEqualTo(10 << 20);
    assertThat(json.path("largest_frames").isNull()).isTrue();
    long smallest = json.path("smallest_budget_bytes").asLong();
    assertThat(smallest).isGreaterThan(100 << 20);
    assertThat(plan("--model", "wan2.1-t2v-1.3b", "--type", "q8_0", "--vram", smallest + "").code())
        .isZero();
    assertThat(
            plan("--model", "wan2.1-t2v-1.3b", "--type", "q8_0", "--vram", smallest - 1 + "")
                .code())
        .isEqualTo(ExitCode.OVER_BUDGET);
  }

  @Test
  void aBudgetForLessNamesTheLongestClipAndTheLargestSize() throws IOException {
    String[] job = {"--model", "wan2.1-t2v-14b", "--type", "q4_k", "--size", "1280x720"};
    List<String> args = new ArrayList<>(List.of(job));
    args.addAll(List.of("--vram", "3584MiB"));
    CommandRun people = plan(args.toArray(String[]::new));
    assertThat(people.code()).isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(people.out()).contains("does not fit", "81 frames of 832x480", "frames of 1280x720");
    args.add("--json");
    JsonNode json = json(plan(args.toArray(String[]::new)));
    int frames = json.path("largest_frames").asInt();
    assertThat(json.path("largest_size").asText()).isEqualTo("832x480");
    args.addAll(List.of("--frames", frames + ""));
    assertThat(plan(args.toArray(String[]::new)).code()).isZero();
  }

  @Test
  void hostMemoryIsABudgetToo() throws IOException {
    CommandRun run =
        plan("--model", "wan2.1-t2v-1.3b", "--vram", "4GiB", "--ram", "100MiB", "--json");
    assertThat(run.code()).isEqualTo(ExitCode.OVER_BUDGET);
    JsonNode json = json(run);
    assertThat(json.path("fits").asBoolean(true)).isFalse();
    assertThat(json.path("reason").asText()).contains("host memory");
    assertThat(json.path("smallest_host_bytes").asLong()).isGreaterThan(100 << 20);
  }

  @Test
  void aFileIsPlannedWithWhatIsMissingFilledIn() throws IOException {
    Path file = folder.resolve("tiny.gguf");
    assertThat(CommandRun.of("synth", "tiny-wan", "--type", "q8_0", "-o", file.toString()).code())
        .isZero();
    CommandRun fromFile = plan("--model", file.toString(), "--vram", "64MiB", "--json");
    assertThat(fromFile.code()).as(fromFile.err()).isZero();
    CommandRun fromId = plan("--model", "tiny-wan", "--type", "Q8_0", "--vram", "64MiB", "--json");
    assertThat(json(fromFile).path("stages").get(1).path("peak_device_bytes"))
        .isEqualTo(json(fromId).path("stages").get(1).path("peak_device_bytes"));
    CommandRun both = plan("--model", file.toString(), "--type", "Q8_0");
    assertThat(both.code()).isEqualTo(ExitCode.USAGE);
    assertThat(both.err()).contains("types of its own");
  }

  /** As 'generate' says, before any plan is printed. */
  @Test
  void halfANetworkHasNoPlan() throws IOException {
    Path file = folder.resolve("part.safetensors");
    Map<String, Shape> tensors = new LinkedHashMap<>();
    tensors.put("patch_embedding.weight", Shape.of(128, 16, 1, 2, 2));
    tensors.put("text_embedding.0.weight", Shape.of(128, 64));
    tensors.put("time_embedding.0.weight", Shape.of(128, 64));
    tensors.put("head.head.weight", Shape.of(64, 128));
    tensors.put("blocks.0.self_attn.q.weight", Shape.of(128, 128));
    tensors.put("blocks.0.ffn.0.weight", Shape.of(256, 128));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      tensors.forEach((name, shape) -> writer.declare(name, StoredType.F32, shape));
      for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
        writer.append(tensor.getKey(), ByteBuffer.allocate(4 * (int) tensor.getValue().elements()));
      }
      writer.commit();
    }
    CommandRun run = plan("--diffusion-model", file.toString(), "--vram", "64MiB");
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains(file.toString(), "only a part of a Wan transformer");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void aTableForPeople() {
    CommandRun run =
        plan("--model", "wan2.1-t2v-1.3b", "--type", "q4_k_m", "--vram", "2GiB", "-ngl", "3");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains(
            "text encoder",
            "transformer",
            "VAE",
            "resident",
            "of 30 blocks",
            "step: about",
            "host");
    assertThat(run.out()).containsPattern("transformer: [0-3] of 30");
  }

  @Test
  void theVaeOfWan22IsPlannedAsTheOtherStages() throws IOException {
    CommandRun run =
        plan("--model", "wan2.2-ti2v-5b", "--type", "q8_0", "--vram", "6GiB", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode json = json(run);
    assertThat(json.path("fits").asBoolean()).isTrue();
    for (JsonNode stage : json.path("stages")) {
      assertThat(stage.path("peak_device_bytes").asLong()).isBetween(1L, 6L << 30);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--size, 833x480, 832x480",
    "--frames, 80, 77 or 81",
    "--type, q9, q9",
    "--max-resident, -1, -1",
    "--vram, lots, lots"
  })
  void badOptionsAreQuoted(String option, String value, String said) {
    CommandRun run = plan("--model", "wan2.1-t2v-1.3b", option, value);
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(said);
  }

  @Test
  void theSmallDecoderIsPlannedWhereItMakesTheFrames() throws IOException {
    String tae = folder.resolve("tae.gguf").toString();
    assertThat(
            CommandRun.of("synth", "wan2.1-t2v-1.3b", "--part", "tae", "--type", "F16", "-o", tae)
                .code())
        .isZero();
    long whole = decodePeak("--tae", tae);
    long small = decodePeak("--tae", tae, "--decoder", "tae");
    assertThat(small).isPositive().isLessThan(whole * 3 / 4);
    String[] drafted = {"--model", "wan2.1-t2v-1.3b", "--tae", tae, "--steps", "4", "--draft"};
    String[] said = {"--model", "wan2.1-t2v-1.3b", "--tae", tae, "--decoder", "tae"};
    assertThat(decodePeak(drafted)).isEqualTo(decodePeak(said));
    assertThat(plan("--tae", tae).err()).contains("--tae has no effect");
    assertThat(plan("--tae", tae, "--decoder", "tae").err()).doesNotContain("--tae");
    assertThat(plan("--tae", tae + ".none").code()).isEqualTo(ExitCode.BAD_INPUT);
    CommandRun without = plan("--decoder", "tae");
    assertThat(without.code()).isEqualTo(ExitCode.USAGE);
    assertThat(without.err()).contains("give it with --tae");
  }

  private static long decodePeak(String... more) throws IOException {
    List<String> args = new ArrayList<>(List.of("--size", "256x256", "--frames", "17", "--json"));
    args.addAll(List.of(more));
    for (JsonNode stage : json(plan(args.toArray(String[]::new))).path("stages")) {
      if (stage.path("name").asText().equals("decode")) {
        return stage.path("peak_device_bytes").asLong();
      }
    }
    throw new AssertionError("no decoding is planned");
  }
}
