// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import dev.wanlet.base.FileErrors;
import dev.wanlet.base.Printable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * An output cannot be written: no room, no permission, not a place for a file, or the disk fails.
 * The message begins with the file.
 */
public class WriteException extends IOException {
  private static final long serialVersionUID = 1L;

  public WriteException(Path file, String problem, Throwable cause) {
    super(Printable.text(file) + ": " + problem, cause);
  }

  public WriteException(Path file, String problem) {
    this(file, problem, null);
  }

  /**
   * What the system said, in words of its own where it has none.
   *
   * @param missingBytes what still had to be written, for the case that the disk is full; 0 if
   *     nobody knows
   */
  public static WriteException of(Path file, IOException failure, long missingBytes) {
    if (failure instanceof WriteException known) {
      return known;
    }
    long usable = DiskSpace.usableBytes(file);
    if (DiskSpace.isShortage(failure.getMessage()) || (usable > 0 && usable < missingBytes)) {
      return new WriteException(file, DiskSpace.shortage(file, missingBytes), failure);
    }
    return new WriteException(file, reason(file, failure), failure);
  }

  private static String reason(Path file, IOException failure) {
    String place =
        "cannot write in the folder " + Printable.text(file.toAbsolutePath().getParent());
    if (failure instanceof AccessDeniedException) {
      return place + ": no permission";
    }
    if (failure instanceof NoSuchFileException) {
      return place + ": it does not exist, or takes no files";
    }
    return "cannot be written: " + FileErrors.reason(failure);
  }
}
