// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * Remembers on disk which measurements of a part were begun, so that a part whose process died goes
 * on behind the one that killed it. Confined to one thread.
 */
final class Progress {
  private final Path file;
  private final Set<String> begun;

  /**
   * @param resume whether what an earlier process began is skipped
   * @throws IOException if the file cannot be read or written
   */
  Progress(Path file, boolean resume) throws IOException {
    this.file = file;
    if (!resume) {
      Files.deleteIfExists(file);
    }
    begun = Files.exists(file) ? new HashSet<>(Files.readAllLines(file)) : new HashSet<>();
  }

  /** Notes that a measurement begins; false if it was begun before. */
  boolean begin(String name) throws IOException {
    if (!begun.add(name)) {
      return false;
    }
    Files.writeString(file, name + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return true;
  }
}
