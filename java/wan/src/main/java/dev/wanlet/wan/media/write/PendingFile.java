// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that gets its name when it is complete. It is written under a hidden name in the same
 * folder, so that the final rename stays on one file system and is atomic. Confined to one thread.
 */
final class PendingFile {
  private final Path target;
  private final Path temporary;

  PendingFile(Path target) {
    this(target, target.resolveSibling(temporaryName(target)));
  }

  PendingFile(Path target, Path temporary) {
    this.target = target;
    this.temporary = temporary;
  }

  /** A name that no other run takes and that a directory listing hides. */
  static String temporaryName(Path target) {
    return "."
        + target.getFileName()
        + "."
        + UUID.randomUUID().toString().substring(0, 8)
        + ".part";
  }

  Path temporary() {
    return temporary;
  }

  Path target() {
    return target;
  }

  /** Waits until the data is on the disk, which is where late write errors show, and renames. */
  void commit() throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    move(temporary, target);
  }

  static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  void delete() throws IOException {
    Files.deleteIfExists(temporary);
  }
}
