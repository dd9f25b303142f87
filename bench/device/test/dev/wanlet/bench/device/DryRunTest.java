// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wanlet.ggml.Ggml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The scripts that are used on a card, at small sizes on the CPU. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the programs it runs are shell scripts")
class DryRunTest extends ScriptTest {
  @Test
  void everyPartRunsOnTheCpuAndIsReadBackByReport() throws Exception {
    run(
        JAVA,
        "--device",
        "CPU",
        "models",
        "machine",
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
        "profile",
        "vulkan",
        "sdcpp");
    List<JsonNode> lines = lines();
    assertThat(parts(lines, "ok"))
        .contains(
            "models",
            "devices",
            "ops",
            "parity",
            "parity-auto",
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
    run(JAVA, "--device", "CUDA7", "ops", "upload", "unheard-of");
    assertThat(lines())
        .filteredOn(line -> !line.path("part").asText().matches("machine|cuda-build|models"))
        .extracting(line -> line.path("status").asText() + ": " + line.path("why").asText())
        .satisfiesExactly(
            ops ->
                assertThat(ops)
                    .startsWith("not run: no device 'CUDA7'; have: ")
                    .contains("CPU", "no backend of a graphics card is in "),
            upload -> assertThat(upload).startsWith("not run: no device 'CUDA7'"),
            unknown -> assertThat(unknown).isEqualTo("not run: there is no such part"));
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
    Path libraries = libraries();
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

  /** Recorded as the kit's own, so that the loader is asked what is wrong with it. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void whyABackendDoesNotLoadIsInTheLine() throws Exception {
    Path libraries = libraries();
    Path backend =
        Files.writeString(libraries.resolve("libggml-cuda.so"), "half of a library".repeat(9));
    execute(
        0,
        List.of(
            "sh",
            "-c",
            ". \"$1/libraries.sh\" && record_library \"$2\" libggml-cuda.so",
            "sh",
            SCRIPTS.toString(),
            libraries.toString()));
    run(JAVA, "--device", "CUDA0", "--libraries", libraries.toString(), "ops");
    assertThat(whys("ops"))
        .singleElement()
        .asString()
        .contains("no device 'CUDA0'", "libggml-cuda.so: ", backend + ": invalid ELF header");
  }

  /** The machine's, copied, so that one can be added. */
  private Path libraries() throws IOException {
    Path libraries = Files.createDirectory(folder.resolve("libraries"));
    try (Stream<Path> files = Files.list(Ggml.libraryDirectory())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, libraries.resolve(file.getFileName()));
      }
    }
    return libraries;
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
}
