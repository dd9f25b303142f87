// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that appears whole or not at all: written beside its target under another name and renamed
 * on {@link #commit()}. Closed without commit, nothing is left. Owner; confined to one thread.
 */
public final class AtomicFile implements AutoCloseable {
  /** Channels copy a heap buffer into a direct one of the same size, so it is given in parts. */
  private static final int WRITE_BYTES = 8 << 20;

  private static final double BYTES_PER_GIB = 1L << 30;

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private long reserved;
  private boolean closed;

  public AtomicFile(Path target) throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new NoSuchFileException(
          target.toString(), null, "the directory to write to does not exist");
    }
    if (Files.isDirectory(target)) {
      throw new IOException(target + ": is a directory, expected the name of a file to write");
    }
    this.target = target;
    this.temporary =
        directory.resolve(
            String.format(
                ".%s.%08x.part", target.getFileName(), ThreadLocalRandom.current().nextInt()));
    this.channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    // Interrupted runs do not reach close(). After a commit the name no longer exists.
    temporary.toFile().deleteOnExit();
  }

  public Path target() {
    return target;
  }

  /**
   * Checks that the disk has room for the whole file.
   *
   * @throws IOException if it has not; the message names both sizes
   */
  public void reserve(long bytes) throws IOException {
    reserved = bytes;
    long free = usableBytes();
    if (bytes > free) {
      throw noSpace(bytes, free, null);
    }
  }

  public void write(ByteBuffer source, long position) throws IOException {
    ByteBuffer part = source.duplicate();
    long at = position;
    while (part.position() < source.limit()) {
      part.limit(Math.min(source.limit(), part.position() + WRITE_BYTES));
      try {
        at += channel.write(part, at);
      } catch (IOException e) {
        long needed = Math.max(0, reserved - channel.size());
        long free = usableBytes();
        throw needed > free ? noSpace(needed, free, e) : e;
      }
    }
    source.position(source.limit());
  }

  /** Makes the file {@code length} bytes long, with zeros where nothing was written. */
  public void extendTo(long length) throws IOException {
    if (channel.size() < length) {
      write(ByteBuffer.allocate(1), length - 1);
    }
  }

  /** Puts the file in its place, replacing what is there. */
  public void commit() throws IOException {
    channel.force(true);
    channel.close();
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    closed = true;
  }

  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      channel.close();
      Files.deleteIfExists(temporary);
    }
  }

  private long usableBytes() throws IOException {
    return Files.getFileStore(temporary).getUsableSpace();
  }

  private IOException noSpace(long needed, long free, IOException cause) {
    return new IOException(
        String.format(
            "%s: needs %.1f GiB of disk space, %.1f GiB are free; free some or write to another"
                + " disk",
            target, needed / BYTES_PER_GIB, free / BYTES_PER_GIB),
        cause);
  }
}
