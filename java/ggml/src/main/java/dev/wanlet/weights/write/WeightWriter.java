// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.write;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.internal.MappedFileJni;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes a weight file in a stream: first all tensors are declared, then their bytes are appended,
 * in parts of any size and tensor by tensor in any order, and {@link #commit()} puts the file in
 * its place at once. Until then it lies beside its target under another name; {@link #close()}
 * without commit deletes it. Memory use does not grow with the tensors.
 *
 * <p>Owner; confined to one thread.
 */
public abstract sealed class WeightWriter implements AutoCloseable
    permits GgufWriter, SafetensorsWriter {
  /** A declared tensor. */
  static final class Entry {
    final String name;
    final StoredType type;
    final Shape shape;
    final long bytes;
    long offset; // in the file, set by layOut
    long written;

    Entry(String name, StoredType type, Shape shape) {
      this.name = name;
      this.type = type;
      this.shape = shape;
      this.bytes = type.bytes(shape);
    }
  }

  private static final int COPY_BYTES = 8 << 20;

  private final AtomicFile file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private long fileBytes;
  private int headerBytes;
  private boolean started;
  private boolean finished;

  /** Takes ownership of the file. */
  WeightWriter(AtomicFile file) {
    this.file = file;
  }

  /**
   * Announces a tensor.
   *
   * @param shape in PyTorch order
   * @throws IllegalArgumentException if the name is taken, or the format or the shape cannot hold
   *     the type
   * @throws IllegalStateException after the first {@link #append}
   */
  public void declare(String name, StoredType type, Shape shape) {
    requireNotStarted();
    if (shape.rank() > WeightTensor.MAX_RANK) {
      throw new IllegalArgumentException("tensor '" + name + "' has too many dimensions: " + shape);
    }
    Entry entry;
    try {
      entry = new Entry(name, type, shape);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          String.format("tensor '%s' of shape %s: %s", name, shape, e.getMessage()), e);
    }
    if (entries.putIfAbsent(name, entry) != null) {
      throw new IllegalArgumentException("tensor '" + name + "' is declared twice");
    }
  }

  /**
   * Writes the next bytes of a tensor. The first call writes the header, so nothing more can be
   * declared.
   *
   * @param part its remaining bytes are written and consumed
   * @throws IllegalArgumentException if the tensor was not declared or would get too many bytes
   * @throws dev.wanlet.files.WriteException if the disk has no room for the whole file, or fails
   */
  public void append(String name, ByteBuffer part) throws IOException {
    Entry entry = take(name, part.remaining());
    long at = entry.offset + entry.written - part.remaining();
    file.write(part, at);
  }

  /**
   * Writes the next bytes of a tensor from native memory. As {@link #append(String, ByteBuffer)}.
   */
  public void append(String name, long address, long bytes) throws IOException {
    Entry entry = take(name, bytes);
    long start = entry.offset + entry.written - bytes;
    for (long done = 0; done < bytes; done += COPY_BYTES) {
      long part = Math.min(COPY_BYTES, bytes - done);
      file.write(MappedFileJni.window(address + done, part), start + done);
    }
  }

  /** Writes all bytes of a declared tensor as another file holds them, under the same name. */
  public void append(WeightTensor tensor) throws IOException {
    for (long done = 0; done < tensor.byteLength(); done += COPY_BYTES) {
      append(tensor.name(), tensor.buffer(done, Math.min(COPY_BYTES, tensor.byteLength() - done)));
    }
  }

  /**
   * The size of the finished file in bytes.
   *
   * @throws dev.wanlet.files.WriteException if the disk has no room for it; like {@link #append}
   *     this ends declaring
   */
  public long fileBytes() throws IOException {
    start();
    return fileBytes;
  }

  /**
   * Finishes the file and puts it in its place, replacing what was there.
   *
   * @throws IllegalStateException if a declared tensor lacks bytes
   */
  public void commit() throws IOException {
    start();
    for (Entry entry : entries.values()) {
      if (entry.written != entry.bytes) {
        throw new IllegalStateException(
            String.format(
                "tensor '%s' has %,d of its %,d bytes", entry.name, entry.written, entry.bytes));
      }
    }
    file.extendTo(fileBytes);
    file.commit();
    finished = true;
  }

  /** Deletes what was written, unless it was committed. May be called twice. */
  @Override
  public void close() throws IOException {
    finished = true;
    file.close();
  }

  /**
   * Writes the header again after a metadata value was replaced by one of the same size.
   *
   * @throws IllegalStateException if the header has another size than before
   */
  final void rewriteHeader() throws IOException {
    start();
    ByteBuffer header = layOut(entries.values());
    if (header.remaining() != headerBytes) {
      throw new IllegalStateException(
          String.format(
              "%s: the header takes %,d bytes, %,d are reserved",
              file.target(), header.remaining(), headerBytes));
    }
    file.write(header, 0);
  }

  /** Sets the offset of each tensor in the file and gives the header that goes before them. */
  abstract ByteBuffer layOut(Collection<Entry> declared);

  /** The size of a file whose last tensor ends at {@code end}. */
  abstract long paddedEnd(long end);

  final void requireNotStarted() {
    requireOpen();
    if (started) {
      throw new IllegalStateException(
          file.target() + ": declare all tensors and metadata before the first append");
    }
  }

  private void requireOpen() {
    if (finished) {
      throw new IllegalStateException(file.target() + ": the writer is closed");
    }
  }

  private void start() throws IOException {
    requireOpen();
    if (started) {
      return;
    }
    ByteBuffer header = layOut(entries.values());
    long end = header.remaining();
    for (Entry entry : entries.values()) {
      end = Math.max(end, Math.addExact(entry.offset, entry.bytes));
    }
    fileBytes = paddedEnd(end);
    headerBytes = header.remaining();
    file.reserve(fileBytes);
    file.write(header, 0);
    started = true;
  }

  private Entry take(String name, long bytes) throws IOException {
    start();
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("tensor '" + name + "' was not declared");
    }
    if (bytes < 0 || bytes > entry.bytes - entry.written) {
      throw new IllegalArgumentException(
          String.format(
              "tensor '%s' has %,d bytes and %,d are written; %,d more are too many",
              name, entry.bytes, entry.written, bytes));
    }
    entry.written += bytes;
    return entry;
  }
}
