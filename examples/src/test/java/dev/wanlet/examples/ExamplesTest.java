// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.media.read.VideoReader;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the examples as a user would: in a JVM of their own, with the jars in target/app. */
class ExamplesTest {
  private static final Path JARS = Path.of("target", "app");
  private static final List<String> CLASS_PATH =
      List.of("-cp", path(Path.of("target", "classes"), JARS.resolve("*")));

  /** Wanlet's jars are modules; JavaCV's cannot be without all of its own dependencies. */
  private static final List<String> MODULE_PATH =
      Stream.concat(
              Stream.of(
                  "-p",
                  path(
                      jar("wanlet-native"),
                      jar("wanlet-ggml"),
                      jar("wanlet-runtime"),
                      jar("wanlet-demo-model")),
                  "--add-modules",
                  "ALL-MODULE-PATH"),
              CLASS_PATH.stream())
          .toList();

  private static final String PROMPT = "a yellow star moving up on a navy background";

  @TempDir private Path temp;

  @Test
  void aPromptBecomesAClipAndOneLine() throws Exception {
    Path clip = temp.resolve("star.mp4");
    Process process = java(CLASS_PATH, TextToVideo.class, PROMPT, clip.toString()).start();
    assertThat(process.waitFor()).as(stderr()).isZero();
    assertThat(Files.readAllLines(out())).containsExactly("wrote " + clip);
    assertThat(stderr()).contains("transformer: 20.0 of 20");
    assertThat(VideoReader.readAll(clip)).hasSize(17);
  }

  @Test
  void anInterruptedProgramLeavesNoClip() throws Exception {
    Path clip = temp.resolve("star.mp4");
    Process process =
        java(CLASS_PATH, TextToVideo.class, PROMPT, clip.toString())
            .redirectError(ProcessBuilder.Redirect.PIPE)
            .start();
    try (BufferedReader stderr = process.errorReader()) {
      String line = stderr.readLine();
      while (line != null && !line.startsWith("transformer")) {
        line = stderr.readLine();
      }
      process.toHandle().destroy(); // unlike destroy(), keeps its streams open
      assertThat(stderr.lines().toList()).last().asString().contains("cancelled");
    }
    assertThat(process.waitFor()).isNotZero();
    assertThat(out()).isEmptyFile();
    assertThat(clip).doesNotExist();
  }

  @Test
  void anOpenPipelineMakesOneClipAfterAnother() throws Exception {
    String folder = temp.toString();
    Process process =
        java(MODULE_PATH, ManyClips.class, folder, PROMPT, PROMPT.replace("star", "circle"))
            .start();
    assertThat(process.waitFor()).as(stderr()).isZero();
    for (int i = 1; i <= 2; i++) {
      assertThat(VideoReader.readAll(temp.resolve("clip-" + i + ".mp4"))).hasSize(17);
      assertThat(temp.resolve("halfway-" + i + ".safetensors")).isNotEmptyFile();
    }
    assertThat(Files.readAllLines(out())).hasSize(2);
  }

  private ProcessBuilder java(List<String> options, Class<?> program, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add(program.getName());
    command.addAll(List.of(args));
    return new ProcessBuilder(command)
        .redirectOutput(out().toFile())
        .redirectError(temp.resolve("err.txt").toFile());
  }

  private static Path jar(String artifact) {
    return JARS.resolve(artifact + "-" + System.getProperty("wanlet.version") + ".jar");
  }

  private static String path(Path... entries) {
    return Stream.of(entries).map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  private Path out() {
    return temp.resolve("out.txt");
  }

  private String stderr() throws IOException {
    return Files.readString(temp.resolve("err.txt"));
  }
}
