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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The scripts that are used on a card, at small sizes on the CPU. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the programs it runs are shell scripts")
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
            "| ops on CPU | ",
            "tiny-wan F16, 64x64x5 within 8 MiB | ",
            "### Where a step's time goes",
            "| MUL_MAT f16 | ",
            "| FLASH_ATTN_EXT f16 | ",
            "| step of tiny-wan F16, 64x64x5: all, one at a time | ");
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
    // Dies on its first measurement, as a device's library that gives up would, and then goes on.
    Path killed =
        program(
            "java",
            """
        case "$*" in *--resume*) exit 0 ;; esac
        case "$*" in *" ops "*) echo norm > '%s/work/ops-CPU.begun'; kill -9 $$ ;; esac
        exec '%s' "$@"
        """
                .formatted(folder, JAVA));
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
  void aPartThatDiesAgainAndAgainIsGivenUp() throws Exception {
    Path killed = program("java", "case \"$*\" in *' ops '*) kill -9 $$ ;; esac\nexit 0\n");
    run(killed.toString(), "--device", "CPU", "ops", "devices");
    assertThat(lines())
        .filteredOn(line -> line.path("part").asText().equals("ops"))
        .hasSize(6)
        .last()
        .satisfies(
            line ->
                assertThat(line.path("why").asText())
                    .isEqualTo("five processes of this part died"));
  }

  /** A script in the place of the driver's tool, which lists two cards. */
  @Test
  void ofTwoCardsBothAreListedAndTheOneThatIsMeasuredIsNamed() throws Exception {
    program(
        "nvidia-smi",
        "printf '0, 8.6, A Card, 580.1, 8192 MiB\\n1, 9.0, Another Card, 580.1, 81559 MiB\\n'\n");
    run(JAVA, "--device", "CUDA1", "machine");
    assertThat(lines())
        .filteredOn(line -> line.path("case").asText().startsWith("card"))
        .extracting(line -> line.path("case").asText() + ": " + line.path("why").asText())
        .containsExactly(
            "card 0: A Card, 580.1, 8192 MiB (compute capability 8.6): not measured; --device CUDA0"
                + " measures it",
            "card 1: Another Card, 580.1, 81559 MiB (compute capability 9.0): this one is"
                + " measured");
  }

  /** Linux has a file that is always full. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsSaidAndTheOtherPartsRun() throws Exception {
    assertThat(run(JAVA, "--device", "CPU", "--results", "/dev/full", "devices", "upload"))
        .contains(
            "run: cannot be written to /dev/full",
            "\"part\":\"machine\"",
            "\"case\":\"device CPU\"",
            "lines of the part devices that could not be written",
            "\"part\":\"upload\"");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aBackendThatTheKitWasNotMadeWithIsALine() throws Exception {
    Path libraries = Files.createDirectory(folder.resolve("libraries"));
    try (Stream<Path> files = Files.list(Ggml.libraryDirectory())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, libraries.resolve(file.getFileName()));
      }
    }
    Files.writeString(libraries.resolve("libggml-cuda.so"), "of another ggml");
    run(JAVA, "--device", "CPU", "--libraries", libraries.toString(), "devices");
    assertThat(lines())
        .anySatisfy(
            line -> {
              assertThat(line.path("case").asText()).isEqualTo("libggml-cuda.so");
              assertThat(line.path("status").asText()).isEqualTo("not run");
              assertThat(line.path("why").asText()).startsWith("it is not among the libraries");
            });
    assertThat(parts(lines(), "ok")).contains("devices");
  }

  /** A shell script in the folder that is searched for programs first. */
  private Path program(String name, String script) throws IOException {
    Path file = folder.resolve("bin").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file;
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

  private String run(String java, String... arguments) throws Exception {
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
    return execute(0, command);
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

  private String execute(int expected, List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().merge("PATH", folder.resolve("bin").toString(), (p, f) -> f + ":" + p);
    Process process = builder.start();
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
