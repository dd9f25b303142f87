// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The archive that {@code run} unpacks, on a machine without xz. */
@EnabledOnOs(OS.LINUX)
class KitArchiveTest extends ScriptTest {
  /** What the script needs of a system. */
  private static final String PROGRAMS =
      "awk cat cut date df dirname find grep head ls mkdir mv python3 readlink rm sed tail tar touch tr wc";

  private Path programs;
  private Path target;

  /** A copy of the scripts with an archive of its own, and the programs of a system, but xz. */
  @BeforeEach
  void copyScripts() throws Exception {
    Path scripts = Files.createDirectories(folder.resolve("root/bench/device"));
    for (String name : List.of("run", "libraries.sh", "cuda-flags.sh", "machine.sh")) {
      Files.copy(SCRIPTS.resolve(name), scripts.resolve(name));
    }
    programs = Files.createDirectory(folder.resolve("programs"));
    for (String name : PROGRAMS.split(" ")) {
      provide(name);
    }
    assumeThat(programs.resolve("python3")).exists();
    target = Files.createDirectories(folder.resolve("root/bench/target/device"));
    Path kit = Files.createDirectories(folder.resolve("made/runtime/bin")).getParent().getParent();
    Files.createDirectory(kit.resolve("lib"));
    Files.writeString(kit.resolve("commit"), "abc");
    Files.move(program("java", "exit 0\n"), kit.resolve("runtime/bin/java"));
    execute(
        0,
        List.of(
            "python3",
            "-c",
            "import sys, tarfile; tarfile.open(sys.argv[1], 'w:xz').add(sys.argv[2], '.')",
            target.resolve("kit.tar.xz").toString(),
            kit.toString()));
    environment.put("PATH", programs.toString());
  }

  // Not as a link: a program may be a script that needs others, such as one that chooses a version.
  private void provide(String name) throws IOException {
    for (String place : System.getenv("PATH").split(":")) {
      Path file = Path.of(place, name);
      if (Files.isExecutable(file)) {
        String script = "PATH='%s' exec '%s' \"$@\"\n".formatted(System.getenv("PATH"), file);
        Files.move(program(name, script), programs.resolve(name));
        return;
      }
    }
  }

  private List<String> command() {
    return List.of(
        "/bin/sh",
        folder.resolve("root/bench/device/run").toString(),
        "--device",
        "CPU",
        "--small",
        "--work",
        folder.resolve("work").toString(),
        "--results",
        results().toString(),
        "machine");
  }

  @Test
  void pythonUnpacksIt() throws Exception {
    execute(0, command());
    assertThat(target.resolve("kit/commit")).hasContent("abc");
    assertThat(lines()).isNotEmpty();
  }

  @Test
  void whatIsMissingIsNamed() throws Exception {
    Files.delete(programs.resolve("python3"));
    assertThat(execute(1, command())).contains("xz is missing").doesNotContain("damaged");
  }
}
