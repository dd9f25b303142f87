// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.ggml.Ggml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The scripts that are used on a card, at small sizes on the CPU. */
@DisabledOnOs(OS.WINDOWS)
class DryRunTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SCRIPTS = Path.of("").toAbsolutePath();
  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @TempDir private Path folder;

  private Path results() {
    return folder.resolve("results.jsonl");
  }

  @Test
  void everyPartRunsOnTheCpuAndIsReadBackByReport() throws Exception {
    run(JAVA, "--device", "CPU");
    List<JsonNode> lines = lines();
    assertThat(parts(lines, "ok"))
        .contains(
            "devices",
            "ops",
            "parity",
            "demo",
            "budgets",
            "upload",
            "steps",
            "attention",
            "decode",
            "text",
            "profile");
    assertThat(parts(lines, "fail")).isEmpty();
    assertThat(parts(lines, "not run")).contains("vulkan", "sdcpp");
    assertThat(lines)
        .allSatisfy(
            line ->
                assertThat(line.path("status").asText().equals("not run"))
                    .isEqualTo(!line.path("why").asText().isEmpty() && !isFound(line)));

    String report = report(0, results());
    assertThat(report)
        .contains(
            "| ops on CPU | ", "tiny-wan F16, 64x64x5 within 8 MiB | ", "self-attention, F16");
    assertThat(folder.resolve("kept")).doesNotExist();
  }

  // What the script finds on the machine it says with its place.
  private static boolean isFound(JsonNode line) {
    return line.path("part").asText().equals("machine")
        && line.path("status").asText().equals("ok");
  }

  @Test
  void aDeviceThatIsNotThereIsNotRun() throws Exception {
    run(JAVA, "--device", "CUDA7", "ops", "parity", "unheard-of");
    assertThat(lines())
        .filteredOn(line -> !line.path("part").asText().matches("machine|cuda-build|models"))
        .extracting(line -> line.path("status").asText() + ": " + line.path("why").asText())
        .satisfiesExactly(
            ops -> assertThat(ops).startsWith("not run: no device 'CUDA7'; have: ").contains("CPU"),
            parity -> assertThat(parity).startsWith("not run: no device 'CUDA7'"),
            unknown -> assertThat(unknown).isEqualTo("not run: there is no such part"));
  }

  @Test
  void aKilledPartIsOneFailureAndTheNextOneRuns() throws Exception {
    Path killed = folder.resolve("java");
    // Dies on its first measurement, as a device's library that gives up would, and then goes on.
    Files.writeString(
        killed,
        """
        #!/bin/sh
        case "$*" in *--resume*) exit 0 ;; esac
        case "$*" in *" ops "*) echo norm > '%s/work/ops-CPU.begun'; kill -9 $$ ;; esac
        exec '%s' "$@"
        """
            .formatted(folder, JAVA));
    Files.setPosixFilePermissions(killed, PosixFilePermissions.fromString("rwx------"));
    run(killed.toString(), "--device", "CPU", "ops", "devices");
    List<JsonNode> lines = lines();
    assertThat(lines)
        .filteredOn(line -> line.path("part").asText().equals("ops"))
        .singleElement()
        .satisfies(
            line -> {
              assertThat(line.path("status").asText()).isEqualTo("fail");
              assertThat(line.path("case").asText()).isEqualTo("norm");
              assertThat(line.path("why").asText()).contains("ended with status 137");
            });
    assertThat(parts(lines, "ok")).contains("devices");
  }

  @Test
  void noPartBeginsWhenTheTimeIsUp() throws Exception {
    run(JAVA, "--device", "CPU", "--minutes", "0", "ops");
    assertThat(lines())
        .filteredOn(line -> line.path("part").asText().equals("ops"))
        .singleElement()
        .satisfies(line -> assertThat(line.path("why").asText()).startsWith("no time was left"));
  }

  @Test
  void reportRefusesToMixCommitsAndKeepsARealRun() throws Exception {
    String line =
        "{\"part\":\"ops\",\"case\":\"norm\",\"status\":\"ok\",\"time\":\"2026-01-02T03:04:05Z\","
            + "\"commit\":\"%s\",\"size\":\"full\",\"device\":\"CUDA0\",\"card\":\"A Card\"}\n";
    Path first = Files.writeString(folder.resolve("a.jsonl"), line.formatted("aaa"));
    Path second = Files.writeString(folder.resolve("b.jsonl"), line.formatted("bbb"));
    assertThat(report(1, first, second)).contains("commits aaa, bbb");
    assertThat(folder.resolve("kept")).doesNotExist();

    Files.writeString(first, line.formatted("aaa") + "{\"part\":\"par");
    assertThat(report(0, first)).contains("A Card, 2026-01-02", "1 damaged line");
    assertThat(folder.resolve("kept/A-Card-2026-01-02.jsonl")).isNotEmptyFile();
  }

  private void run(String java, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sh",
                SCRIPTS.resolve("run").toString(),
                "--small",
                "--minutes",
                "30",
                "--java",
                java,
                "--class-path",
                CLASS_PATH,
                "--libraries",
                Ggml.libraryDirectory().toString(),
                "--results",
                results().toString(),
                "--work",
                folder.resolve("work").toString()));
    command.addAll(List.of(arguments));
    execute(0, command);
  }

  private String report(int expected, Path... files) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sh",
                SCRIPTS.resolve("report").toString(),
                "--out",
                folder.resolve("kept").toString(),
                "--java",
                JAVA,
                "--class-path",
                CLASS_PATH));
    for (Path file : files) {
      command.add(file.toString());
    }
    return execute(expected, command);
  }

  private static String execute(int expected, List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(expected);
    return output;
  }

  private List<JsonNode> lines() throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String text : Files.readAllLines(results())) {
      JsonNode line = JSON.readTree(text);
      assertThat(line.path("part").asText()).isNotEmpty();
      assertThat(line.path("case").asText()).isNotEmpty();
      assertThat(line.path("commit").asText()).isNotEmpty();
      assertThat(line.path("size").asText()).isEqualTo("small");
      assertThat(line.path("status").asText()).isIn("ok", "fail", "not run");
      lines.add(line);
    }
    return lines;
  }

  private static Set<String> parts(List<JsonNode> lines, String status) {
    return lines.stream()
        .filter(line -> line.path("status").asText().equals(status))
        .map(line -> line.path("part").asText())
        .collect(Collectors.toSet());
  }
}
