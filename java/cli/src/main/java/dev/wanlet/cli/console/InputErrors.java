// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Sentences for the JDK's terse file exceptions. Stateless. */
public final class InputErrors {
  private InputErrors() {}

  public static String describe(FileSystemException e) {
    String file = e.getFile();
    if (e instanceof NoSuchFileException) {
      return file + ": " + (e.getReason() == null ? "no such file; check the path" : e.getReason());
    }
    if (e instanceof AccessDeniedException) {
      return file + ": no permission to read it; check its owner and mode";
    }
    if (e instanceof NotDirectoryException) {
      return file + ": not a folder";
    }
    return e.getMessage();
  }
}
