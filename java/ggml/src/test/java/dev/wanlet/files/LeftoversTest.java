// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What killed runs leave is swept, and nothing else. */
class LeftoversTest {
  @TempDir private Path folder;

  /** Makes a work folder, says so, and waits to be killed. */
  static final class Sleeper {
    private Sleeper() {}

    public static void main(String[] args) throws IOException, InterruptedException {
      try (WorkFolder work = WorkFolder.beside(Path.of(args[0]));
          WorkFolder claim = WorkFolder.claim(Path.of(args[0])).orElseThrow()) {
        Files.writeString(work.file("half"), "half of it");
        Files.createDirectory(claim.file("inner"));
        Files.writeString(claim.file("inner").resolve("half"), "half of it");
        System.err.println("ready");
        Thread.sleep(TimeUnit.MINUTES.toMillis(5));
      }
    }
  }

  /** Sweeps a folder again and again. */
  static final class Sweeper {
    private Sweeper() {}

    public static void main(String[] args) {
      System.err.println("ready");
      while (true) {
        Leftovers.sweepNow(Path.of(args[0]));
      }
    }
  }

  /** Says whether a file can be claimed, which it sweeps around before. */
  static final class Claimer {
    private Claimer() {}

    public static void main(String[] args) throws IOException {
      System.err.println("ready");
      Path target = Path.of(args[0]);
      Leftovers.sweepNow(target.getParent());
      System.err.println(WorkFolder.claim(target).isPresent() ? "claimed" : "refused");
    }
  }

  private static Process started(Class<?> program, Path argument) throws IOException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    program.getName(),
                    argument.toString()))
            .redirectErrorStream(true)
            .start();
    assertThat(process.inputReader().readLine()).isEqualTo("ready");
    return process;
  }

  @Test
  void aRunThatGoesOnKeepsItsFilesAndAKilledOneLosesThem()
      throws IOException, InterruptedException {
    Path target = folder.resolve("clip.mp4");
    Process process = started(Sleeper.class, target);
    try {
      Leftovers.sweepNow(folder);
      try (var files = Files.list(folder)) {
        assertThat(files).hasSize(2);
      }
      assertThat(WorkFolder.claim(target)).isEmpty();
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
    try (WorkFolder claim = WorkFolder.claim(target).orElseThrow()) {
      assertThat(claim.file("lock")).exists();
    }
    Leftovers.sweepNow(folder);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void foldersOfThisProcessStay() throws IOException {
    Path target = folder.resolve("clip.mp4");
    try (WorkFolder first = WorkFolder.beside(target);
        WorkFolder claim = WorkFolder.claim(target).orElseThrow()) {
      Files.writeString(first.file("half"), "half of it");
      assertThat(WorkFolder.claim(target)).isEmpty();
      Leftovers.sweepNow(folder);
      assertThat(first.file("half")).exists();
      assertThat(claim.file("lock")).exists();
    }
    assertThat(folder).isEmptyDirectory();
  }

  /** A process that looks at its own lock by another name would lose it. */
  @Test
  void aLinkToTheFolderDoesNotLoosenAClaim() throws IOException, InterruptedException {
    Path real = Files.createDirectory(folder.resolve("real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    Path target = real.resolve("clip.mp4");
    try (WorkFolder claim = WorkFolder.claim(target).orElseThrow()) {
      Files.writeString(claim.file("half"), "half of it");
      assertThat(WorkFolder.claim(link.resolve("clip.mp4"))).isEmpty();
      Leftovers.sweepNow(link);
      Process other = started(Claimer.class, target);
      assertThat(other.inputReader().readLine()).isEqualTo("refused");
      other.waitFor();
      assertThat(claim.file("half")).hasContent("half of it");
    }
    assertThat(real).isEmptyDirectory();
  }

  @Test
  void whatOthersMadeStays() throws IOException {
    Path file = Files.writeString(folder.resolve(".clip.mp4.0a1b2c3d.part"), "a download");
    Path foreign = Files.createDirectory(folder.resolve(".theirs.11111111.part"));
    Files.writeString(foreign.resolve("lock"), "not ours");
    Path unlocked = Files.createDirectory(folder.resolve(".theirs.22222222.part"));
    Files.writeString(unlocked.resolve("data"), "data");
    Path link = Files.createSymbolicLink(folder.resolve(".link.44444444.part"), foreign);
    Leftovers.sweepNow(folder);
    assertThat(List.of(file, foreign, unlocked, link)).allSatisfy(p -> assertThat(p).exists());
    assertThat(foreign.resolve("lock")).hasContent("not ours");
    Leftovers.sweepNow(folder.resolve("not there"));
  }

  @Test
  void whatARunLeftThatWasKilledAtOnceIsSweptToo() throws IOException {
    Files.createDirectory(folder.resolve(".ours.33333333.part"));
    Path unsigned = Files.createDirectory(folder.resolve(".ours.55555555.part"));
    Files.createFile(unsigned.resolve("lock"));
    Leftovers.sweepNow(folder);
    assertThat(folder).isEmptyDirectory();
  }

  /** Sweeping takes folders away that are just being made; their makers make them anew. */
  @Test
  void makersAndSweepersDoNotTroubleEachOther() throws Exception {
    Path target = folder.resolve("clip.mp4");
    Process sweeper = started(Sweeper.class, folder);
    try {
      for (int i = 0; i < 300; i++) {
        try (WorkFolder work = WorkFolder.beside(target);
            WorkFolder claim = WorkFolder.claim(target).orElseThrow()) {
          Files.writeString(work.file("content"), "content " + i);
          Files.writeString(claim.file("room"), "room");
          work.moveTo("content", target);
        }
        assertThat(target).hasContent("content " + i);
      }
      assertThat(sweeper.isAlive()).isTrue();
    } finally {
      sweeper.destroyForcibly();
      sweeper.waitFor();
    }
    assertThat(folder).isDirectoryNotContaining(f -> !f.equals(target));
  }
}
