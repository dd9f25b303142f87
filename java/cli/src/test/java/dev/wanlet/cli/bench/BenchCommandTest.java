// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The benchmark on the demo model, at one frame: what it prints, not how fast. */
class BenchCommandTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static CommandRun run(String... args) {
    List<String> all = new ArrayList<>(List.of("bench", "--device", "CPU"));
    all.addAll(List.of(args));
    return CommandRun.of(all.toArray(String[]::new));
  }

  @Test
  void aLineForEachTestOfEachCombinationTellsAllThatMatters() throws IOException {
    CommandRun run =
        run("--size", "64x64x1,48x80x1", "-t", "1", "--vram", "1GiB", "-r", "2", "-o", "jsonl");
    assertThat(run.code()).as(run.err()).isZero();
    List<JsonNode> rows = new ArrayList<>();
    for (String line : run.out().lines().toList()) {
      rows.add(MAPPER.readTree(line));
    }
    assertThat(rows.stream().map(r -> r.path("size").asText() + " " + r.path("test").asText()))
        .containsExactly(
            "64x64 text", "64x64 step", "64x64 decode", "48x80 text", "48x80 step", "48x80 decode");
    for (JsonNode row : rows) {
      assertThat(row.path("seconds")).hasSize(2);
      double first = row.path("seconds").get(0).asDouble();
      double second = row.path("seconds").get(1).asDouble();
      assertThat(first).isPositive();
      assertThat(row.path("seconds_mean").asDouble())
          .isCloseTo((first + second) / 2, offset(1e-12));
      assertThat(row.path("seconds_least").asDouble()).isEqualTo(Math.min(first, second));
      assertThat(row.path("seconds_deviation").asDouble())
          .isCloseTo(Math.abs(first - second) / Math.sqrt(2), offset(1e-12));
      assertThat(row.path("commit").asText()).isNotBlank();
      assertThat(row.path("device").asText()).isEqualTo("CPU");
      assertThat(row.path("driver").isNull()).isTrue();
      assertThat(row.path("threads").asInt()).isEqualTo(1);
      assertThat(row.path("budget_bytes").asLong()).isEqualTo(1L << 30);
      assertThat(row.path("model").asText()).isEqualTo("tiny-wan");
      assertThat(row.path("type").asText()).isEqualTo("f16");
      assertThat(row.path("frames").asInt()).isEqualTo(1);
      assertThat(row.path("passes_per_step").asInt()).isEqualTo(2);
      assertThat(row.path("blocks").asInt()).isEqualTo(row.path("resident_blocks").asInt());
      assertThat(row.path("planned_peak_bytes").asLong()).isBetween(1L << 20, 1L << 30);
    }
  }

  @Test
  void whatDoesNotFitIsToldAndTheOthersAreTimed() {
    CommandRun run =
        run("--size", "64x64x1", "--vram", "1MiB,1GiB", "-r", "1", "--tests", "step", "-o", "csv");
    assertThat(run.code()).isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(run.err()).contains("wanlet: left out: ", "the budget is 1.0 MiB");
    assertThat(run.out()).hasLineCount(2).startsWith("date,version,commit,ggml,device,");
    List<String> lines = run.out().lines().toList();
    assertThat(lines.get(1).split(",", -1)).hasSameSizeAs(lines.get(0).split(",", -1));
    assertThat(lines.get(1)).contains(",step,1,");
  }

  @Test
  void theTableSaysWhatItWasMeasuredOn() {
    CommandRun run = run("--size", "64x64x1", "-r", "1", "--tests", "text,clip", "--no-warmup");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("tiny-wan has no test 'clip'");
    assertThat(run.out())
        .startsWith("| model | type | device | threads | memory | clip | blocks | test | seconds |")
        .contains("| tiny-wan | f16 | CPU | ", " | 64x64x1 | ", " | text | ")
        .contains("wanlet ", "(commit ", "ggml ");
  }

  @Test
  void aModelForPicturesIsGivenOne() throws IOException {
    CommandRun run =
        run(
            "--diffusion-model",
            DemoModel.imageToVideoTransformer().toString(),
            "--size",
            "64x64x5",
            "-r",
            "1",
            "--tests",
            "encode",
            "-o",
            "json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode rows = MAPPER.readTree(run.out());
    assertThat(rows).hasSize(1);
    assertThat(rows.get(0).path("test").asText()).isEqualTo("encode");
    assertThat(rows.get(0).path("seconds_deviation").isNull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--size 64|'64' is no size of a clip; expected such as 832x480 or 832x480x81",
        "--size 64x64x2|2 frames",
        "-r 0|-r 0; expected 1 to 1000",
        "--tests speed|speed",
        "--vram big|big",
        "-o xml|xml"
      })
  void badArgumentsAreRefused(String words, String reason) {
    CommandRun run = run(words.split(" "));
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(reason);
    assertThat(run.out()).isEmpty();
  }
}
