// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Owner: the locked file in a {@link WorkFolder} that says its maker lives. Confined to one thread.
 *
 * <p>A process loses its locks on a file as soon as it closes any channel on it, so both channels
 * here stay open as long as the lock.
 */
final class LockFile implements Closeable {
  static final String NAME = "lock";

  private static final String SIGNATURE = "wanlet ";
  private static final int MOST_BYTES = 64;

  private final FileChannel lock;
  private final FileChannel witness;

  private LockFile(FileChannel lock, FileChannel witness) {
    this.lock = lock;
    this.witness = witness;
  }

  /**
   * Makes the file if it is not there, and locks it.
   *
   * @return empty if another process has the lock
   * @throws NoSuchFileException if there is no such folder
   */
  static Optional<LockFile> take(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    FileChannel lock = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    Optional<LockFile> mine = Optional.empty();
    try {
      if (tryLock(lock)) {
        mine = sign(lock, file);
      }
      return mine;
    } finally {
      if (mine.isEmpty()) {
        lock.close();
      }
    }
  }

  /**
   * Between opening and locking, its last owner may have deleted the file: then what has the name
   * now is another one, or nothing. Only who finds its own signature by the name has the lock.
   */
  private static Optional<LockFile> sign(FileChannel lock, Path file) throws IOException {
    String signature = SIGNATURE + ThreadLocalRandom.current().nextLong();
    byte[] bytes = signature.getBytes(StandardCharsets.US_ASCII);
    // In this order, so that a file that was signed before needs no new room: the disk may be full.
    lock.write(ByteBuffer.wrap(bytes), 0);
    lock.truncate(bytes.length);
    FileChannel witness = FileChannel.open(file, StandardOpenOption.READ);
    boolean mine = false;
    try {
      mine = signature.equals(text(witness));
      return mine ? Optional.of(new LockFile(lock, witness)) : Optional.empty();
    } finally {
      if (!mine) {
        witness.close();
      }
    }
  }

  /** False if another has it; true also where a file system knows no locks. */
  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      // Without locks nobody sweeps either: sweeping needs the lock.
      return true;
    }
  }

  /**
   * The lock of a folder whose maker is dead, for who sweeps it. Of one that is just being made the
   * lock may be taken too, before its maker has it; the maker notes that.
   *
   * @return empty if the maker lives, the file is not of our making, or a next one's by now
   * @throws NoSuchFileException if there is no such file
   */
  static Optional<LockFile> inherit(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    FileChannel lock = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Optional<LockFile> dead = Optional.empty();
    try {
      String text = text(lock);
      boolean ours = text.startsWith(SIGNATURE) || text.isEmpty();
      if (ours && lock.tryLock() != null) {
        dead = sign(lock, file);
      }
      return dead;
    } catch (OverlappingFileLockException e) {
      return Optional.empty();
    } finally {
      if (dead.isEmpty()) {
        lock.close();
      }
    }
  }

  /** Whether the maker of a folder has signed its file, so that who has the lock keeps it. */
  static boolean isSigned(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder.resolve(NAME), StandardOpenOption.READ)) {
      return text(channel).startsWith(SIGNATURE);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static String text(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES);
    channel.read(bytes, 0);
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
  }

  /** Gives the lock up. */
  @Override
  public void close() throws IOException {
    try {
      lock.close();
    } finally {
      witness.close();
    }
  }
}
