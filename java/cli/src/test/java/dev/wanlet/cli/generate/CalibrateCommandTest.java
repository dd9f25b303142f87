// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.sampling.cache.CacheNumbers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables of step caches are measured, and what runs and plans say of such a cache. */
class CalibrateCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  @TempDir private Path folder;

  private static CommandRun run(String... words) {
    List<String> args = new ArrayList<>(List.of(words));
    args.addAll(List.of("--frames", "1", "--device", "CPU", "--threads", "1"));
    return CommandRun.of(args.toArray(String[]::new));
  }

  private CommandRun calibrate(String... words) {
    List<String> args = new ArrayList<>(List.of("calibrate", "-o", folder.toString()));
    args.addAll(List.of(words));
    return run(args.toArray(String[]::new));
  }

  @Test
  void aRunMakesATableForEachCacheThatGoesByOne() throws IOException {
    CommandRun run = calibrate("--steps", "9", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode tables = JSON.readTree(run.out()).path("tables");
    assertThat(tables).hasSize(2);
    assertThat(CacheNumbers.parse(tables.get(0).path("table").asText()).prompt()).hasSize(9);
    assertThat(CacheNumbers.parse(tables.get(1).path("table").asText()).coefficients()).hasSize(5);
    Path file = folder.resolve("mag_tiny-wan_" + tables.get(0).path("type").asText() + "__9.json");
    assertThat(tables.get(0).path("file").asText()).isEqualTo(file.toString());
    assertThat(JSON.readTree(file.toFile()).path("numbers")).isEqualTo(tables.get(0).path("table"));
    CommandRun used =
        run(
            "generate",
            "-p",
            "a red circle",
            "--steps",
            "9",
            "--cache",
            "mag",
            "--cache-table",
            tables.get(0).path("table").asText(),
            "--cache-threshold",
            "0.5",
            "--json",
            "-o",
            folder.resolve("clip.mp4").toString());
    assertThat(used.code()).as(used.err()).isZero();
    JsonNode cache = JSON.readTree(used.out()).path("cache");
    assertThat(cache.path("name").asText()).isEqualTo("mag");
    assertThat(cache.path("steps_skipped").asInt()).isPositive();
    assertThat(cache.path("passes_skipped").asInt() + cache.path("passes_computed").asInt())
        .isEqualTo(18);
  }

  @Test
  void whatHasNoUseIsRefused() {
    CommandRun few = calibrate("--steps", "7");
    assertThat(few.code()).isEqualTo(ExitCode.USAGE);
    assertThat(few.err()).contains("a run of 7 steps has no use for a step cache");
    CommandRun threshold = calibrate("--cache", "mag", "--cache-threshold", "0.2");
    assertThat(threshold.code()).isEqualTo(2);
    assertThat(threshold.err()).contains("--cache-threshold is for clips that go by a table");
    CommandRun easy = calibrate("--cache", "easy");
    assertThat(easy.code()).isEqualTo(ExitCode.USAGE);
    assertThat(easy.err()).contains("the step cache easy needs no table");
  }

  @Test
  void aPlanTellsWhatATableSkips() throws IOException {
    CommandRun mag =
        CommandRun.of(
            "plan",
            "--model",
            "Wan2.1-T2V-1.3B",
            "--cache",
            "mag",
            "--ram",
            "60GiB",
            "--vram",
            "8GiB");
    assertThat(mag.code()).as(mag.err()).isZero();
    assertThat(mag.out())
        .containsPattern(
            "step cache: \\d+ of \\d+ passes do without the blocks; keeps .* on the host");
    CommandRun easy =
        CommandRun.of(
            "plan",
            "--model",
            "Wan2.1-T2V-1.3B",
            "--cache",
            "easy",
            "--ram",
            "60GiB",
            "--vram",
            "8GiB",
            "--json");
    assertThat(easy.code()).as(easy.err()).isZero();
    assertThat(JSON.readTree(easy.out()).path("passes_reused").isNull()).isTrue();
    CommandRun no22 = CommandRun.of("plan", "--model", "wan2.2-t2v-a14b", "--cache", "tea");
    assertThat(no22.code()).isEqualTo(ExitCode.USAGE);
    assertThat(no22.err())
        .contains("--cache tea goes by a table, and there is none for wan2.2-t2v-a14b")
        .contains("wanlet calibrate");
  }
}
