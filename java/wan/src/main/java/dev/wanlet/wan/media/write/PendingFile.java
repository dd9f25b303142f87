// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.files.OutputFile;
import dev.wanlet.files.WorkFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file that gets its name when it is complete. Until then it lies in a hidden folder beside it,
 * so that the final rename stays on one file system and is atomic. Confined to one thread.
 */
final class PendingFile {
  private static final String CONTENT = "clip";

  private final Path target;
  private final WorkFolder folder;

  /**
   * Makes the folder.
   *
   * @throws dev.wanlet.files.WriteException if that is not possible
   */
  PendingFile(Path target) throws IOException {
    this.target = target;
    this.folder = WorkFolder.beside(OutputFile.require(target));
  }

  Path temporary() {
    return folder.file(CONTENT);
  }

  /** A further place in the folder, for what takes the file's place before it is complete. */
  Path another() {
    return folder.file(CONTENT + "-anew");
  }

  /** Puts what lies in the {@linkplain #another() further place} in the place of the file. */
  void replace() throws IOException {
    Files.move(another(), temporary(), StandardCopyOption.REPLACE_EXISTING);
  }

  Path target() {
    return target;
  }

  /** Waits until the data is on the disk, which is where late write errors show, and renames. */
  void commit() throws IOException {
    folder.moveTo(CONTENT, OutputFile.require(target));
  }

  /** Deletes the folder with what is in it. */
  void delete() throws IOException {
    folder.close();
  }
}
