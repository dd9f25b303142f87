// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class InterruptionTest {
  /** What the JVM ends with after SIGTERM, which takes the same way through it as Ctrl-C. */
  private static final int TERMINATED = 128 + 15;

  private static final int INTERRUPTED = 128 + 2;

  private static final char CTRL_C = 3;

  /** The bar of sampling after its first steps. */
  private static final Pattern SOME_STEPS = Pattern.compile("sample .* [1-9]\\d*/1000 steps");

  @TempDir private Path folder;

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no signals: a process is ended at once")
  void aSignalStopsTheRunCleanly() throws IOException, InterruptedException {
    Process process = start("--steps", "1000");
    List<String> lines = new ArrayList<>();
    try (BufferedReader err = process.errorReader()) {
      for (String line = err.readLine(); line != null; line = err.readLine()) {
        lines.add(line);
        if (line.contains("text: done")) {
          process.toHandle().destroy(); // unlike destroy() it leaves the streams open
        }
      }
    }
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(String.join("\n", lines)).isEqualTo(TERMINATED);
    assertThat(lines)
        .anyMatch(l -> l.contains("stopping"))
        .anyMatch(l -> l.matches("wanlet: .*(cancelled|stopped) .*"));
    assertThat(lines).noneMatch(l -> l.contains("\tat "));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(f -> f.getFileName().toString()))
          .allMatch(name -> name.endsWith(".resume.safetensors"));
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no signals: a process is ended at once")
  void aSignalStopsAMeasurementCleanly() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(program());
    command.addAll(List.of("imatrix", "-p", "a", "-p", "b", "--size", "64x64", "--frames", "1"));
    command.addAll(List.of("--steps", "300", "-t", "1", "-o", folder.resolve("x.gguf").toString()));
    Process process =
        new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader err = process.errorReader()) {
      for (String line = err.readLine(); line != null; line = err.readLine()) {
        lines.add(line);
        if (line.contains("prompt 1 of 2")) {
          process.toHandle().destroy();
        }
      }
    }
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(String.join("\n", lines)).isEqualTo(TERMINATED);
    assertThat(lines).contains("wanlet: stopping ...", "wanlet: stopped; x.gguf is not written");
    assertThat(folder).isEmptyDirectory();
  }

  /**
   * Bars open the terminal, and what opens it may take the signal for itself. Who runs the tests in
   * the background may have it ignored, which programs inherit.
   */
  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "the terminal is one of util-linux's script")
  void ctrlCOnATerminalSavesTheRun() throws IOException, InterruptedException {
    String command =
        command("--steps", "1000").stream()
            .map(word -> "'" + word + "'")
            .collect(Collectors.joining(" ", "exec env --default-signal=INT ", ""));
    ProcessBuilder builder = new ProcessBuilder("script", "-qec", command, "/dev/null");
    builder.environment().putAll(Map.of("TERM", "xterm", "SHELL", "/bin/sh"));
    Process process = builder.redirectErrorStream(true).start();
    StringBuilder shown = new StringBuilder();
    boolean pressed = false;
    try (Reader out = process.inputReader();
        Writer keys = process.outputWriter()) {
      for (int c = out.read(); c >= 0; c = out.read()) {
        shown.append((char) c);
        if (!pressed && SOME_STEPS.matcher(shown).find()) {
          keys.write(CTRL_C);
          keys.flush();
          pressed = true;
        }
      }
    }
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(shown.toString())
        .contains("wanlet: stopping")
        .containsPattern("wanlet: the run so far is saved; go on with: wanlet resume .*clip.mp4");
    assertThat(process.exitValue()).isEqualTo(INTERRUPTED);
    assertThat(folder.resolve("clip.mp4.resume.safetensors")).isNotEmptyFile();
  }

  private Process start(String... options) throws IOException {
    return new ProcessBuilder(command(options))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private List<String> command(String... options) {
    List<String> command = new ArrayList<>(program());
    command.addAll(List.of("generate", "-p", "a red circle", "-t", "1", "--device", "CPU"));
    command.addAll(List.of("-o", folder.resolve("clip.mp4").toString()));
    command.addAll(List.of(options));
    return command;
  }

  private static List<String> program() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String nativePath = System.getProperty("dev.wanlet.native.path");
    if (nativePath != null) {
      command.add("-Ddev.wanlet.native.path=" + nativePath);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    return command;
  }
}
