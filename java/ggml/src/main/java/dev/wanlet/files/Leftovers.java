// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Sweeps the {@linkplain WorkFolder work folders} of runs that were killed: those whose lock nobody
 * holds any more. Others' files, and folders of runs that go on, stay. Stateless.
 */
final class Leftovers {
  private static final System.Logger LOG = System.getLogger("dev.wanlet.files");

  private static final Pattern NAME = Pattern.compile("\\..+\\.[0-9a-f]{8}\\.part");

  private static final Set<Path> SWEPT = ConcurrentHashMap.newKeySet();

  private Leftovers() {}

  /** Sweeps a folder the first time that this process works there. */
  static void sweep(Path folder) {
    if (folder != null && SWEPT.add(WorkFolder.real(folder))) {
      sweepNow(folder);
    }
  }

  /** Sweeps a folder; what cannot be deleted stays for another time. */
  static void sweepNow(Path folder) {
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            WorkFolder.real(folder),
            entry ->
                NAME.matcher(entry.getFileName().toString()).matches()
                    && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))) {
      for (Path entry : entries) {
        sweepOne(entry);
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      LOG.log(Level.DEBUG, () -> "cannot look for leftovers in " + folder + ": " + e);
    }
  }

  private static void sweepOne(Path left) {
    if (!WorkFolder.OWN.add(left)) {
      return; // a run of this process works in it
    }
    try {
      if (Files.exists(left.resolve(LockFile.NAME))) {
        sweepUnlocked(left);
      } else {
        Files.delete(left); // only an empty one is ours, and only that can be deleted
        said(left);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, () -> left + " is left: " + e);
    } finally {
      WorkFolder.OWN.remove(left);
    }
  }

  private static void sweepUnlocked(Path left) throws IOException {
    Optional<LockFile> lock = LockFile.inherit(left);
    if (lock.isPresent()) {
      try {
        delete(left);
        said(left);
      } finally {
        lock.get().close();
      }
    }
  }

  private static void said(Path left) {
    LOG.log(Level.INFO, () -> "removed " + left + ", which a killed run had left");
  }

  /** Deletes a folder with what is in it, the lock last; links are not followed. */
  static void delete(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          delete(entry);
        } else if (!entry.equals(folder.resolve(LockFile.NAME))) {
          Files.deleteIfExists(entry);
        }
      }
    }
    Files.deleteIfExists(folder.resolve(LockFile.NAME));
    Files.deleteIfExists(folder);
  }
}
