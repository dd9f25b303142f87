// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Words for the JDK's file exceptions, whose messages are a path and little else. Stateless. */
public final class FileErrors {
  private FileErrors() {}

  /** What happened, without the file's name: {@code no permission}. */
  public static String reason(IOException failure) {
    if (!(failure instanceof FileSystemException file)) {
      return Printable.message(String.valueOf(failure.getMessage()));
    }
    if (file.getReason() != null) {
      // The system's own words: "No space left on device", "File name too long".
      return Printable.message(file.getReason());
    }
    if (file instanceof NoSuchFileException) {
      return "no such file; check the path";
    }
    if (file instanceof AccessDeniedException) {
      return "no permission; check owner and mode";
    }
    if (file instanceof NotDirectoryException) {
      return "not a folder";
    }
    return file instanceof FileAlreadyExistsException
        ? "there is something of that name already"
        : "the file system refuses it";
  }

  /** The file's name and what happened to it. */
  public static String describe(FileSystemException failure) {
    return Printable.text(failure.getFile()) + ": " + reason(failure);
  }
}
