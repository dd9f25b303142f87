// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Owner: a hidden folder beside a file that is being made, in which it lies until it is whole. A
 * lock in the folder tells other processes that its maker lives; the system drops it when the maker
 * is killed, and the next run sweeps what is left (see {@link Leftovers}). Closing deletes the
 * folder. Confined to one thread.
 */
public final class WorkFolder implements AutoCloseable {
  private static final String SUFFIX = ".part";

  /** In the place of a random number: the one folder that claims a file for its maker. */
  private static final String CLAIM = "00000000";

  private static final long RETRY_NANOS = 1_000_000;

  /** Longer than another process takes to sweep a folder, for which it holds its lock. */
  private static final long SWEEPING_NANOS = 200_000_000;

  /**
   * Folders of this process, by their {@linkplain #real real} names: asking the system for a lock
   * again, by whatever name, would drop the one it holds.
   */
  static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final LockFile lock;
  private boolean closed;

  private WorkFolder(Path folder, LockFile lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * A new folder beside {@code target}; what killed runs left there is swept first.
   *
   * @throws WriteException if none can be made there
   */
  public static WorkFolder beside(Path target) throws WriteException {
    return made(
        target,
        () -> {
          while (true) {
            int random = ThreadLocalRandom.current().nextInt();
            Optional<WorkFolder> mine =
                locked(path(target, String.format(Locale.ROOT, "%08x", random)), true);
            if (mine.isPresent()) {
              return mine.get();
            }
          }
        });
  }

  /**
   * The folder of which there is one for {@code target}: who has it may count on being alone.
   *
   * @return empty while another process, or another part of this one, has it
   * @throws WriteException if it cannot be made
   */
  public static Optional<WorkFolder> claim(Path target) throws WriteException {
    return made(target, () -> locked(path(target, CLAIM), false));
  }

  private static <T> T made(Path target, Uninterrupted.Work<T> work) throws WriteException {
    try {
      return Uninterrupted.call(
          () -> {
            Leftovers.sweep(target.toAbsolutePath().getParent());
            return work.run();
          });
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  private static Path path(Path target, String id) {
    Path absolute = target.toAbsolutePath();
    String name = absolute.getFileName().toString();
    return real(absolute.getParent()).resolve(FileNames.fit(".", name, "." + id + SUFFIX));
  }

  /** The one name of a folder that links may give several. */
  static Path real(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      // It is not there, which its user says better, or its drive cannot tell.
      return folder.toAbsolutePath().normalize();
    }
  }

  /** Makes a folder and locks it; empty if it is there (and must be new), or somebody has it. */
  private static Optional<WorkFolder> locked(Path folder, boolean fresh) throws IOException {
    if (!OWN.add(folder)) {
      return Optional.empty();
    }
    Optional<LockFile> lock = Optional.empty();
    try {
      lock = create(folder, fresh);
      return lock.map(l -> new WorkFolder(folder, l));
    } finally {
      if (lock.isEmpty()) {
        OWN.remove(folder);
      }
    }
  }

  private static Optional<LockFile> create(Path folder, boolean fresh) throws IOException {
    long start = System.nanoTime();
    while (true) {
      boolean made = false;
      try {
        Files.createDirectory(folder);
        made = true;
      } catch (FileAlreadyExistsException e) {
        if (fresh) {
          return Optional.empty();
        }
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
          if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
          }
          continue; // somebody swept it between the two looks
        }
      }
      try {
        Optional<LockFile> lock = LockFile.take(folder);
        boolean swept = System.nanoTime() - start > SWEEPING_NANOS;
        if (lock.isPresent() || fresh || (swept && LockFile.isSigned(folder))) {
          return lock;
        }
        LockSupport.parkNanos(RETRY_NANOS); // it is being made or swept this moment
      } catch (NoSuchFileException e) {
        // Somebody swept the folder that was there: make it anew.
      } catch (IOException e) {
        if (made) {
          Leftovers.delete(folder); // a full disk took the folder, but not its lock
        }
        throw e;
      }
    }
  }

  /** A file in this folder. */
  public Path file(String name) {
    return folder.resolve(name);
  }

  /**
   * Waits until a file of this folder is on the disk, which is where late errors show, and puts it
   * in its place in one step. A file that is there is replaced and leaves its mode behind.
   *
   * @param target on the same file system; see {@link OutputFile#followed}
   */
  public void moveTo(String name, Path target) throws IOException {
    Path file = file(name);
    Uninterrupted.call(
        () -> {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
          return null;
        });
    OutputFile.copyMode(target, file);
    try {
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(file, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Deletes the folder with what is in it. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      Leftovers.delete(folder);
    } finally {
      OWN.remove(folder);
      lock.close();
    }
  }
}
