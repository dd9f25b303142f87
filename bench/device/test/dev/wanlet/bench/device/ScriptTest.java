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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;

/** Runs the scripts of the kit, with programs of a test's own before those of the machine. */
abstract class ScriptTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  static final Path SCRIPTS = Path.of("").toAbsolutePath();
  static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
  static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @TempDir Path folder;

  /** Environment of the scripts besides this process's own. */
  final Map<String, String> environment = new HashMap<>();

  Path results() {
    return folder.resolve("results.jsonl");
  }

  /** A shell script in the folder that is searched for programs first. */
  Path program(String name, String script) throws IOException {
    Path file = folder.resolve("bin").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file;
  }

  String run(String java, String... arguments) throws Exception {
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

  String report(int expected, Path... files) throws Exception {
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

  String execute(int expected, List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    builder.environment().merge("PATH", folder.resolve("bin").toString(), (p, f) -> f + ":" + p);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(expected);
    return output;
  }

  List<JsonNode> lines() throws IOException {
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

  /** The reasons of a part's lines, each behind its case and status. */
  List<String> whys(String part) throws IOException {
    return lines().stream()
        .filter(line -> line.path("part").asText().equals(part))
        .map(
            line ->
                String.format(
                    "%s: %s: %s",
                    line.path("case").asText(),
                    line.path("status").asText(),
                    line.path("why").asText()))
        .toList();
  }

  static Set<String> parts(List<JsonNode> lines, String status) {
    return lines.stream()
        .filter(line -> line.path("status").asText().equals(status))
        .map(line -> line.path("part").asText())
        .collect(Collectors.toSet());
  }
}
