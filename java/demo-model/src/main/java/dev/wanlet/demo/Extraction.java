// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.demo;

import dev.wanlet.files.WorkFolder;
import dev.wanlet.files.WriteException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;

/** Writes a folder of checked files so that it is there whole or not at all. Thread-safe. */
final class Extraction {
  /** Gives the content of a file. */
  interface Content {
    InputStream open(String file) throws IOException;
  }

  private final Checksums checksums;
  private final Content content;

  Extraction(Checksums checksums, Content content) {
    this.checksums = checksums;
    this.content = content;
  }

  /** Does nothing if the folder is there with the right content. */
  void into(Path target) throws IOException {
    if (Files.isDirectory(target) && checksums.firstBad(target) == null) {
      return;
    }
    Path parent = target.toAbsolutePath().getParent();
    try (WorkFolder work = workFolder(parent, target)) {
      Path fresh = work.file("model");
      for (String file : checksums.byFile().keySet()) {
        Path to = fresh.resolve(file);
        Files.createDirectories(to.getParent());
        try (InputStream in = content.open(file)) {
          Files.copy(in, to);
        }
      }
      String bad = checksums.firstBad(fresh);
      if (bad != null) {
        throw new IOException(
            "the demo model's file " + bad + " is damaged; install the program again");
      }
      moveInto(fresh, target);
    }
  }

  private static WorkFolder workFolder(Path parent, Path target) throws IOException {
    try {
      Files.createDirectories(parent);
      return WorkFolder.beside(target);
    } catch (FileSystemException | WriteException e) {
      throw new IOException(
          "the demo model cannot be extracted to "
              + parent
              + " ("
              + e.getMessage()
              + "); set WANLET_CACHE to a writable folder",
          e);
    }
  }

  private void moveInto(Path fresh, Path target) throws IOException {
    try {
      move(fresh, target);
    } catch (FileSystemException e) {
      // Another process was faster, or what is there is damaged.
      if (Files.isDirectory(target) && checksums.firstBad(target) == null) {
        return;
      }
      delete(target);
      move(fresh, target);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to);
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(directory)) {
      paths
          .sorted(Comparator.reverseOrder())
          .forEach(
              path -> {
                try {
                  Files.deleteIfExists(path);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
