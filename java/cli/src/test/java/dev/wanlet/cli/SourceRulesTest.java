// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What compiled classes do not show. */
class SourceRulesTest {
  private static final int MOST_FILES = 32;
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Path SOURCES = Path.of("src", "main", "java");

  /** A flag such as {@code --vram}, or a command, inside a string. */
  private static final Pattern COMMAND_LINE = Pattern.compile("\"[^\"]*(--[a-z]|\\bwanlet [a-z])");

  /**
   * Commands, the settings that flags are made of, and a clip's record, which tells how to repeat
   * it.
   */
  private static final List<Path> SPEAK_IT =
      List.of(
          ROOT.resolve("java/cli"),
          ROOT.resolve("java/wan/src/main/java/dev/wanlet/wan/request"),
          ROOT.resolve("java/wan/src/main/java/dev/wanlet/wan/media/metadata/VideoMetadata.java"));

  @Test
  void packagesAreSmall() throws IOException {
    Map<Path, Long> files =
        mainSources().stream()
            .collect(Collectors.groupingBy(Path::getParent, Collectors.counting()));
    assertThat(files).hasSizeGreaterThan(20);
    assertThat(files)
        .allSatisfy((folder, count) -> assertThat(count).isLessThanOrEqualTo(MOST_FILES));
  }

  /** Who embeds the library has no flags; the commands add them to what an exception says. */
  @Test
  void librariesSpeakNoCommandLine() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : mainSources()) {
      if (SPEAK_IT.stream().noneMatch(file::startsWith)) {
        Files.readString(file)
            .lines()
            .filter(line -> COMMAND_LINE.matcher(line).find())
            .forEach(line -> found.add(ROOT.relativize(file) + ": " + line.strip()));
      }
    }
    assertThat(found).isEmpty();
  }

  private static List<Path> mainSources() throws IOException {
    List<Path> modules;
    try (Stream<Path> folders = Files.find(ROOT, 3, (path, facts) -> path.endsWith("pom.xml"))) {
      modules = folders.map(pom -> pom.resolveSibling(SOURCES)).filter(Files::isDirectory).toList();
    }
    List<Path> sources = new ArrayList<>();
    for (Path module : modules) {
      try (Stream<Path> files = Files.walk(module)) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    return sources;
  }
}
