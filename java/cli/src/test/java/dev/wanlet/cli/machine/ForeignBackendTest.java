// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.Main;
import dev.wanlet.ggml.Ggml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A program whose folder of native libraries holds backends that its build did not make. */
@EnabledOnOs(OS.LINUX)
class ForeignBackendTest {
  @TempDir private Path folder;

  @BeforeEach
  void copyTheLibraries() throws IOException {
    try (Stream<Path> files = Files.list(Ggml.libraryDirectory())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
  }

  private String doctor() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Ddev.wanlet.native.path=" + folder,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "doctor",
                "--no-measure")
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    return text;
  }

  @Test
  void eachIsNamedWithItsReasonAndTheCpuComputes() throws Exception {
    Path other =
        StandInLibrary.compile(folder.resolve("libggml-cuda.so"), StandInLibrary.OTHER_GGML);
    StandInLibrary.record(other);

    Path whole =
        StandInLibrary.compile(folder.resolve("libggml-vulkan.so"), StandInLibrary.NO_BACKEND);
    byte[] content = Files.readAllBytes(whole);
    StandInLibrary.record(whole);
    // Half of a library ends the process that loads it.
    Files.write(whole, java.util.Arrays.copyOf(content, content.length / 2));

    Path damaged =
        StandInLibrary.compile(folder.resolve("libggml-sycl.so"), StandInLibrary.NO_BACKEND);
    content = Files.readAllBytes(damaged);
    content[content.length - 1] ^= 1;
    StandInLibrary.record(damaged, content);

    StandInLibrary.compile(folder.resolve("libggml-hip.so"), StandInLibrary.NO_BACKEND);

    String text = doctor();
    assertThat(text.lines().filter(line -> line.startsWith("wanlet: warning: ")))
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).contains("libggml-hip.so is not used: it is not among"),
            line -> assertThat(line).contains("libggml-vulkan.so is not used: it takes"));
    String notUsed = text.substring(text.indexOf("\nnot used:"), text.indexOf("\nmissing:"));
    assertThat(notUsed.lines().skip(2))
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).contains("libggml-hip.so: it is not among the libraries"),
            line -> assertThat(line).contains("libggml-sycl.so: its SHA-256 is not that of"),
            line ->
                assertThat(line)
                    .contains("libggml-vulkan.so: it takes", "damaged or of another ggml"),
            line ->
                assertThat(line)
                    .contains("CUDA: the backend cannot be loaded", "API version (backend: 1"));
    assertThat(text).contains("name                CPU", "Wanlet can run here.");
  }

  @Test
  void theLibrariesOfTheBuildNeedNoWords() throws Exception {
    String text = doctor();
    assertThat(text).doesNotContain("warning:", "another ggml");
  }
}
