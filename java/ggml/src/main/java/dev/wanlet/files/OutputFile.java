// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;

/** Checks of a file that is going to be written. Stateless. */
public final class OutputFile {
  /** As many links as Linux follows. */
  private static final int MOST_LINKS = 40;

  private OutputFile() {}

  /**
   * The file that is written when {@code target} is: the end of a chain of symbolic links, which
   * stay as they are.
   *
   * @throws WriteException if the links lead in a circle
   */
  public static Path followed(Path target) throws WriteException {
    Path file = target.toAbsolutePath();
    for (int i = 0; i < MOST_LINKS; i++) {
      if (!Files.isSymbolicLink(file)) {
        return file;
      }
      try {
        file = file.resolveSibling(Files.readSymbolicLink(file));
      } catch (IOException e) {
        throw WriteException.of(target, e, 0);
      }
    }
    throw new WriteException(target, "its symbolic links lead in a circle");
  }

  /**
   * Checks that a file can get this name.
   *
   * @return the file behind symbolic links
   * @throws WriteException if its folder is missing, or something stands there that is no file: a
   *     folder, a device, a pipe, a socket
   */
  public static Path require(Path target) throws WriteException {
    Path file = followed(target);
    requireName(target, file);
    if (Files.isDirectory(file)) {
      throw new WriteException(target, "is a folder, expected the name of a file to write");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new WriteException(
          target, "is a device, pipe or socket, which would be replaced; give the name of a file");
    }
    Path folder = file.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new WriteException(target, "its folder does not exist; make it first");
    }
    return file;
  }

  /**
   * As {@link #require}, and what is there may be replaced. Leaves the folder alone.
   *
   * @throws WriteException as {@link #require}, or if the file is write-protected
   */
  public static Path requireReplaceable(Path target) throws WriteException {
    Path file = require(target);
    if (Files.exists(file) && !Files.isWritable(file)) {
      throw new WriteException(target, "exists and is write-protected; choose another output");
    }
    return file;
  }

  /** A name that is too long, or has characters that the file system does not take. */
  private static void requireName(Path target, Path file) throws WriteException {
    try {
      Files.readAttributes(file, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  /**
   * Checks that a file can be written here, by making and deleting a {@link WorkFolder}: no other
   * check holds on every file system and for every user.
   *
   * @throws WriteException as {@link #requireReplaceable}, or if its folder takes no files, or no
   *     such name
   */
  public static void requireWritable(Path target) throws WriteException {
    Path file = requireReplaceable(target);
    try (WorkFolder trial = WorkFolder.beside(file)) {
      Files.createFile(trial.file("trial"));
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  /** Gives a new file the mode of the one that it is about to replace, if there is one. */
  static void copyMode(Path old, Path fresh) throws IOException {
    PosixFileAttributeView from = Files.getFileAttributeView(old, PosixFileAttributeView.class);
    if (from != null && Files.isRegularFile(old)) {
      PosixFileAttributes attributes = from.readAttributes();
      Files.setPosixFilePermissions(fresh, attributes.permissions());
    }
  }
}
