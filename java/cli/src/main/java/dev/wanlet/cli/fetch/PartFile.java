// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import dev.wanlet.files.WriteException;
import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.StringReader;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;

/**
 * Owner: what has come of a file, beside its place and locked, so that one process at a time
 * fetches it; a note beside it says of which file it is a part. Both stay when it is closed, and
 * are gone when the file is whole. Confined to one thread.
 *
 * <p>Written through a {@link RandomAccessFile}: channels would be closed by an interrupt.
 */
final class PartFile implements Closeable {
  private static final int CHUNK = 1 << 20;
  private static final int MOST_NOTE = 4096;

  private final Path target;
  private final Path part;
  private final Path note;
  private final RandomAccessFile file;
  private final MessageDigest digest;
  private long summed; // bytes that the digest has seen

  private PartFile(Path target, RandomAccessFile file) {
    this.target = target;
    this.part = part(target);
    this.note = note(target);
    this.file = file;
    this.digest = sha256();
  }

  /** What a part is called. */
  static Path part(Path target) {
    return target.resolveSibling(target.getFileName() + ".part");
  }

  private static Path note(Path target) {
    return target.resolveSibling(target.getFileName() + ".part.note");
  }

  /**
   * Opens what there is of a file, or begins it.
   *
   * @return empty if the whole file has appeared meanwhile
   * @throws FetchException if another process fetches it
   * @throws WriteException if nothing can be written there
   */
  static Optional<PartFile> open(Path target) throws IOException {
    while (true) {
      RandomAccessFile file = opened(target);
      boolean mine = false;
      try {
        lock(target, file);
        if (Files.exists(target)) {
          return Optional.empty();
        }
        // Who had the lock before may have put the file in its place and another taken it away.
        mine = Files.exists(part(target));
        if (mine) {
          return Optional.of(new PartFile(target, file));
        }
      } finally {
        if (!mine) {
          file.close();
        }
      }
    }
  }

  private static RandomAccessFile opened(Path target) throws WriteException {
    try {
      return new RandomAccessFile(part(target).toFile(), "rw");
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  private static void lock(Path target, RandomAccessFile file) throws FetchException {
    try {
      FileLock lock = file.getChannel().tryLock();
      if (lock != null) {
        return;
      }
    } catch (OverlappingFileLockException e) {
      // refused below
    } catch (IOException e) {
      return; // a file system without locks: then nobody is kept out
    }
    throw new FetchException(
        target + " is being fetched by another process; wait for it, or use another folder");
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Bytes that have come. */
  long length() throws IOException {
    return file.length();
  }

  /** Forgets what has come. */
  void restart() throws IOException {
    Files.deleteIfExists(note);
    file.setLength(0);
    digest.reset();
    summed = 0;
  }

  /**
   * Notes of which file this is a part.
   *
   * @param validator by which the server knows it
   * @param sum of the whole file, as the server tells it
   */
  void remember(Optional<String> validator, Optional<String> sum) throws WriteException {
    Properties values = new Properties();
    validator.ifPresent(v -> values.setProperty("validator", v));
    sum.ifPresent(s -> values.setProperty("sha256", s));
    try (FileOutputStream out = new FileOutputStream(note.toFile())) {
      values.store(out, null);
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  Optional<String> validator() {
    return noted("validator");
  }

  /** The sum of the whole file, as the server told it when this part was begun. */
  Optional<String> serverSum() {
    return noted("sha256");
  }

  /** A note that is missing or spoilt says nothing. */
  private Optional<String> noted(String name) {
    try {
      if (Files.notExists(note) || Files.size(note) > MOST_NOTE) {
        return Optional.empty();
      }
      Properties values = new Properties();
      values.load(new StringReader(Files.readString(note)));
      return Optional.ofNullable(values.getProperty(name));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Appends to what has come.
   *
   * @throws WriteException if the disk is full or fails
   */
  void append(byte[] bytes, int count, long missing) throws IOException {
    sumUp();
    try {
      file.seek(file.length());
      file.write(bytes, 0, count);
    } catch (IOException e) {
      throw WriteException.of(target, e, missing);
    }
    digest.update(bytes, 0, count);
    summed += count;
  }

  /** The digest of what an earlier run has left. */
  private void sumUp() throws IOException {
    if (summed < file.length()) {
      byte[] chunk = new byte[CHUNK];
      file.seek(summed);
      for (int n = file.read(chunk); n > 0; n = file.read(chunk)) {
        digest.update(chunk, 0, n);
        summed += n;
      }
    }
  }

  /** SHA-256 of what has come, as lower-case digits. Once only. */
  String sum() throws IOException {
    sumUp();
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Deletes what has come, because it is not the file. */
  void discard() throws IOException {
    file.close();
    Files.deleteIfExists(note);
    Files.deleteIfExists(part);
  }

  /**
   * Puts the whole file in its place.
   *
   * @throws WriteException if that fails; what has come stays
   */
  void commit() throws IOException {
    try {
      file.getFD().sync();
      move();
      Files.deleteIfExists(note);
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  /** While it is locked, except where open files cannot be moved. */
  private void move() throws IOException {
    try {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(part, target);
    } catch (FileSystemException e) {
      file.close();
      Files.move(part, target);
    }
  }

  /** Leaves what has come; of nothing, nothing is left. */
  @Override
  public void close() throws IOException {
    boolean nothing = file.getChannel().isOpen() && file.length() == 0;
    if (nothing) {
      Files.deleteIfExists(note);
      Files.deleteIfExists(part);
    }
    file.close();
  }
}
