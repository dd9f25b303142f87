// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lock of {@code launcher/build.sh}, which keeps two builds of a checkout apart. */
@EnabledOnOs(OS.LINUX)
class LauncherLockTest {
  private static final Path SCRIPT = Path.of("../../launcher/build.sh").toAbsolutePath();
  private static final String STARTED = "Fri Nov 27 10:00:00 2026";

  @TempDir private Path root;
  private Path state;
  private Path bin;

  @BeforeEach
  void makeTools() throws IOException {
    state = Files.createDirectories(root.resolve(".wanlet"));
    bin = Files.createDirectory(root.resolve("bin"));
    for (String tool : List.of("cat", "find", "mkdir", "rm", "wc")) {
      tool(tool);
    }
    program("uname", "echo here");
    program("ps", "echo '" + STARTED + "'");
    // Takes no time. Whoever sleeps 15 times waits for ever, and ends here.
    program("sleep", "echo . >> '" + root + "/slept'; [ $(wc -l < '" + root + "/slept') -lt 15 ]");
  }

  private void tool(String name) throws IOException {
    program(name, "exec '" + onPath(name) + "' \"$@\"");
  }

  private static Path onPath(String tool) {
    return List.of(System.getenv("PATH").split(":")).stream()
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  private void program(String name, String commands) throws IOException {
    Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + commands + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private Process start(String commands) throws IOException {
    List<String> line = new ArrayList<>(List.of("/bin/sh", "-c"));
    line.add(
        "set -eu; root=$1; state=$1/.wanlet; say() { echo \"said: $*\"; }; . \"$2\"; " + commands);
    line.addAll(List.of("sh", root.toString(), SCRIPT.toString()));
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().put("PATH", bin.toString());
    return builder.start();
  }

  private String run(String commands) throws Exception {
    Process process = start(commands);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }

  private static final String TAKE = "take_build_lock; echo taken; release_build_lock; echo free";

  private void owner(String text) throws IOException {
    Path lock = Files.createDirectories(state.resolve("lock"));
    Files.writeString(lock.resolve("owner"), text);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLockIsTakenAndGivenUp(boolean flock) throws Exception {
    if (flock) {
      tool("flock");
    }
    for (int i = 0; i < 2; i++) {
      assertThat(run(TAKE)).isEqualTo("taken\nfree\n");
      assertThat(run("take_build_lock; exit 0")).isEmpty();
    }
    assertThat(state.resolve("lock")).doesNotExist();
  }

  @Test
  void aLockIsFreeWhenItsOwnerIsKilledAlthoughWhatItStartedGoesOn() throws Exception {
    tool("flock");
    tool("tail");
    program("sleep", "exec '" + onPath("sleep") + "' 0.05");
    // Something that stays in the background, as the server of a compiler cache does.
    Process first =
        start(
            "build() { tail -f /dev/null > /dev/null 2>&1 & echo $!; };"
                + " take_build_lock; build 9>&-; while :; do sleep 1; done");
    ProcessHandle background =
        ProcessHandle.of(Long.parseLong(first.inputReader().readLine())).orElseThrow();
    try {
      Process second = start(TAKE);
      assertThat(second.inputReader().readLine())
          .isEqualTo(
              "said: waiting for another build in %s (process %d)".formatted(root, first.pid()));
      first.destroyForcibly().waitFor();
      assertThat(second.inputReader().lines()).containsExactly("taken", "free");
      assertThat(background.isAlive()).isTrue();
    } finally {
      first.destroyForcibly();
      background.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a process that is no more, here 1 Thu Nov 26 10:00:00 2026",
    "an earlier process of the same number, here $$ " + STARTED,
    "nobody, ''"
  })
  void aFolderThatACrashLeftIsTaken(String whose, String text) throws Exception {
    owner("");
    String sign = "echo \"" + text + "\" > \"$state/lock/owner\"; ";
    assertThat(run(sign + TAKE)).as(whose).endsWith("taken\nfree\n");
    assertThat(state.resolve("lock")).doesNotExist();
  }

  @Test
  void aFolderOfAnotherMachineIsLeftAloneUntilItIsOld() throws Exception {
    owner("there 17 " + STARTED);
    assertThat(run(TAKE))
        .isEqualTo(
            "said: waiting for another build in %1$s (process 17 on there; where no build goes on"
                    .formatted(root)
                + " there, delete %s)\n".formatted(state.resolve("lock")));
    Files.setLastModifiedTime(
        state.resolve("lock"), FileTime.from(Instant.now().minus(Duration.ofHours(3))));
    assertThat(run(TAKE)).isEqualTo("taken\nfree\n");
  }

  @Test
  void aFolderOfALivingProcessIsLeftAlone() throws Exception {
    owner("here 1 " + STARTED);
    assertThat(run(TAKE)).startsWith("said: waiting").doesNotContain("taken");
    assertThat(state.resolve("lock").resolve("owner")).exists();
  }

  @Test
  void whereNoLockCanBeMadeNobodyWaitsForIt() throws Exception {
    program("mkdir", "[ \"$1\" = -p ]");
    assertThat(run(TAKE))
        .startsWith("said: cannot make the folder " + state.resolve("lock"))
        .doesNotContain("taken");
  }
}
