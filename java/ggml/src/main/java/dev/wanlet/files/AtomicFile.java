// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: it is written in a {@link WorkFolder} beside its target
 * and put in its place on {@link #commit()}. Closed without commit, nothing is left. Owner;
 * confined to one thread.
 */
public final class AtomicFile implements AutoCloseable {
  /** Channels copy a heap buffer into a direct one of the same size, so it is given in parts. */
  private static final int WRITE_BYTES = 8 << 20;

  private static final String CONTENT = "file";

  private final Path target;
  private final Path file;
  private final WorkFolder folder;
  private final boolean ownsFolder;
  private final String name;
  private final FileChannel channel;
  private long expected;
  private long end;

  /**
   * Begins a file.
   *
   * @throws WriteException if none can be written there
   */
  public AtomicFile(Path target) throws WriteException {
    this.target = target;
    this.file = OutputFile.require(target);
    this.folder = WorkFolder.beside(file);
    this.ownsFolder = true;
    this.name = CONTENT;
    try {
      this.channel = open();
    } catch (IOException e) {
      closeFolder(e);
      throw WriteException.of(target, e, 0);
    }
  }

  /**
   * Writes a file of these bytes alone.
   *
   * @throws IOException if it cannot be written; what was there stays
   */
  public static void write(Path target, byte[] bytes) throws IOException {
    try (AtomicFile file = new AtomicFile(target)) {
      file.write(ByteBuffer.wrap(bytes), 0);
      file.commit();
    }
  }

  /**
   * Begins a file over one that holds room for it on the disk: what fits into that needs no other.
   *
   * @param folder the caller's, who closes it
   * @param room name of the file in the folder; made if it is not there, and gone after {@link
   *     #commit}
   * @throws WriteException if it cannot be written
   */
  public AtomicFile(Path target, WorkFolder folder, String room) throws WriteException {
    this.target = target;
    this.file = OutputFile.require(target);
    this.folder = folder;
    this.ownsFolder = false;
    this.name = room;
    try {
      this.channel = open();
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  private FileChannel open() throws IOException {
    return Uninterrupted.call(
        () ->
            FileChannel.open(
                folder.file(name), StandardOpenOption.CREATE, StandardOpenOption.WRITE));
  }

  private void closeFolder(IOException failure) {
    try {
      folder.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  public Path target() {
    return target;
  }

  /**
   * Checks that the disk has room for the whole file.
   *
   * @throws WriteException if it has not; the message names both sizes
   */
  public void reserve(long bytes) throws WriteException {
    expected = bytes;
    try {
      long held = channel.size();
      if (held < bytes) {
        DiskSpace.require(file, bytes - held);
      }
    } catch (WriteException e) {
      throw e;
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  /**
   * Writes the remaining bytes of a buffer.
   *
   * @throws WriteException if the disk is full or fails
   * @throws ClosedByInterruptException if the thread is interrupted
   */
  public void write(ByteBuffer source, long position) throws IOException {
    ByteBuffer part = source.duplicate();
    long at = position;
    try {
      while (part.position() < source.limit()) {
        part.limit(Math.min(source.limit(), part.position() + WRITE_BYTES));
        at += channel.write(part, at);
        end = Math.max(end, at);
      }
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw WriteException.of(target, e, Math.max(0, expected - at));
    }
    source.position(source.limit());
  }

  /** Makes the file {@code length} bytes long, with zeros where nothing was written. */
  public void extendTo(long length) throws IOException {
    if (end < length) {
      write(ByteBuffer.allocate(1), length - 1);
    }
  }

  /**
   * Puts the file in its place, replacing what is there.
   *
   * @throws WriteException if the disk is full or fails; what was there stays
   */
  public void commit() throws WriteException {
    try {
      channel.truncate(end);
      channel.close();
      folder.moveTo(name, file);
    } catch (IOException e) {
      throw WriteException.of(target, e, 0);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    if (ownsFolder) {
      folder.close();
    }
  }
}
