// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import dev.wanlet.base.HostMemoryException;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.internal.MappedFileJni;
import dev.wanlet.ggml.internal.NativeHandle;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Owner of a file mapped read-only into memory, of any size. Numbers are read little-endian at byte
 * offsets from the start of the file, and every read is checked against the file's length.
 *
 * <p>A file that is cut off while it is mapped takes the memory away from whoever touches it.
 * {@link #read}, the one way for native memory, makes an exception of it; so do Java's accessors,
 * which throw {@link InternalError}.
 *
 * <p>{@link #close()} unmaps at once and may be called twice. Reads through this object then throw
 * {@link IllegalStateException}; buffers handed out before must not be used any more, as the memory
 * behind them is gone.
 *
 * <p>Thread-safe for reading; close only when no other thread reads.
 */
public final class MappedFile implements AutoCloseable {
  /** What will happen to a range of the file, for the operating system's read-ahead. */
  public enum Advice {
    /** Read from front to back. */
    SEQUENTIAL(MappedFileJni.SEQUENTIAL),
    /** Read soon: bring it into memory now, in the background. */
    WILL_NEED(MappedFileJni.WILL_NEED),
    /** Not read again soon: may leave memory first. */
    DONT_NEED(MappedFileJni.DONT_NEED);

    private final int code;

    Advice(int code) {
      this.code = code;
    }
  }

  // Window i starts at i GiB and reaches as far as a buffer can (2 GiB - 1), so that neighbours
  // overlap and any range of up to 1 GiB lies whole in the window that its first byte selects.
  private static final int WINDOW_SHIFT = 30;
  private static final long WINDOW_STEP = 1L << WINDOW_SHIFT;
  private static final int WINDOW_MASK = (int) WINDOW_STEP - 1;

  private final Path path;
  private final long address;
  private final long length;
  private final long descriptor;
  private final long[] version; // null for bytes in memory
  private final NativeHandle mapping; // null for bytes in memory
  private final HostMemory memory; // null unless this owns native memory
  private volatile ByteBuffer[] windows;

  /** Bytes in memory. */
  private MappedFile(
      Path path, long address, long length, ByteBuffer[] windows, HostMemory memory) {
    this.path = path;
    this.address = address;
    this.length = length;
    this.descriptor = -1;
    this.version = null;
    this.windows = windows;
    this.memory = memory;
    this.mapping = null;
  }

  /** Takes over what {@link MappedFileJni#map} returned. */
  private MappedFile(Path path, long[] mapped) {
    this.path = path;
    this.address = mapped[0];
    this.length = mapped[1];
    this.descriptor = mapped[2];
    this.windows = windowsOf(address, length);
    this.memory = null;
    long size = length;
    long file = descriptor;
    this.mapping =
        new NativeHandle(this, "mapped file", address, a -> MappedFileJni.unmap(a, size, file));
    this.version = MappedFileJni.version(descriptor);
  }

  /**
   * Maps a file.
   *
   * @throws NoSuchFileException if there is none
   * @throws WeightFormatException if it is empty or not a regular file
   * @throws HostMemoryException if the process may not take so much address space
   * @throws IOException if the operating system refuses
   */
  public static MappedFile open(Path path) throws IOException {
    if (Files.notExists(path)) {
      throw new NoSuchFileException(path.toString(), null, "no such file; check the path");
    }
    if (!Files.isRegularFile(path)) {
      throw new WeightFormatException(path, "not a regular file, expected a weight file");
    }
    if (!Files.isReadable(path)) {
      throw new AccessDeniedException(path.toString(), null, "no permission to read it");
    }
    if (Files.size(path) == 0) {
      throw new WeightFormatException(
          path, "the file is empty (0 bytes); download or convert it again");
    }
    long[] mapped;
    try {
      mapped = MappedFileJni.map(path.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8));
    } catch (GgmlException e) {
      if (e.code() == ErrorCode.OUT_OF_MEMORY) {
        throw new HostMemoryException(path + " cannot be mapped", e);
      }
      throw new IOException(path + ": " + e.getMessage(), e);
    }
    return new MappedFile(path, mapped);
  }

  /**
   * Lets a parser run on bytes that are not in a file.
   *
   * @param label stands for the path in messages
   */
  public static MappedFile inMemory(Path label, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return new MappedFile(label, 0, bytes.length, new ByteBuffer[] {buffer}, null);
  }

  /**
   * What a file holds in a form that cannot be mapped, such as compressed, brought to memory.
   *
   * @param label the file, for messages
   * @param memory of at least one byte; this owns it from now on
   */
  public static MappedFile owning(Path label, HostMemory memory) {
    long address = memory.address();
    return new MappedFile(
        label, address, memory.bytes(), windowsOf(address, memory.bytes()), memory);
  }

  private static ByteBuffer[] windowsOf(long address, long length) {
    ByteBuffer[] windows = new ByteBuffer[(int) ((length + WINDOW_STEP - 1) >>> WINDOW_SHIFT)];
    for (int i = 0; i < windows.length; i++) {
      long start = i * WINDOW_STEP;
      windows[i] = view(address + start, Math.min(length - start, Integer.MAX_VALUE));
    }
    return windows;
  }

  private static ByteBuffer view(long address, long length) {
    // asReadOnlyBuffer goes back to big-endian, hence the order comes last.
    return MappedFileJni.window(address, length).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  public Path path() {
    return path;
  }

  /** Bytes in the file. */
  public long length() {
    return length;
  }

  public int u8(long offset) {
    return window(offset, 1, windows).get((int) offset & WINDOW_MASK) & 0xff;
  }

  public int u16(long offset) {
    return window(offset, 2, windows).getShort((int) offset & WINDOW_MASK) & 0xffff;
  }

  /** An unsigned 32-bit number. */
  public long u32(long offset) {
    return window(offset, 4, windows).getInt((int) offset & WINDOW_MASK) & 0xffffffffL;
  }

  /** An unsigned 64-bit number: values of 2^63 and more come out negative. */
  public long u64(long offset) {
    return window(offset, 8, windows).getLong((int) offset & WINDOW_MASK);
  }

  public float f32(long offset) {
    return window(offset, 4, windows).getFloat((int) offset & WINDOW_MASK);
  }

  /** A copy of {@code count} bytes. */
  public byte[] bytes(long offset, int count) {
    ByteBuffer source = window(offset, count);
    byte[] copy = new byte[count];
    source.get(copy);
    return copy;
  }

  /**
   * A read-only, little-endian view of a range, without copying. It dies with this object.
   *
   * @param length bytes, at most 2 GiB - 1
   * @throws IndexOutOfBoundsException if the range is not inside the file
   */
  public ByteBuffer window(long offset, long length) {
    ByteBuffer[] open = checkRange(offset, length, windows);
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          String.format("%s: a window holds at most 2 GiB, asked for %,d bytes", path, length));
    }
    if (length == 0) {
      return ByteBuffer.allocate(0).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }
    int start = (int) offset & WINDOW_MASK;
    ByteBuffer window = open[(int) (offset >>> WINDOW_SHIFT)];
    if (start + length > window.capacity()) {
      return view(address + offset, length);
    }
    return window.slice(start, (int) length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Copies a range to native memory.
   *
   * @param target address of at least {@code size} bytes
   * @throws WeightFormatException if the file was cut off or written to since it was opened
   * @throws IOException if the disk fails
   * @throws IndexOutOfBoundsException if the range is not inside the file
   */
  public void read(long offset, long size, long target) throws IOException {
    ByteBuffer[] open = checkRange(offset, size, windows);
    if (memory != null) {
      HostMemory.copy(address + offset, target, size);
    } else if (mapping == null) {
      MappedFileJni.window(target, size).put(open[0].slice((int) offset, (int) size));
    } else {
      readFile(offset, size, target);
    }
  }

  private void readFile(long offset, long size, long target) throws IOException {
    boolean read;
    long[] now;
    try {
      read = MappedFileJni.read(address, descriptor, offset, target, size);
      now = MappedFileJni.version(descriptor);
    } catch (GgmlException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    } finally {
      Reference.reachabilityFence(this);
    }
    if (now[0] != version[0]) {
      throw new WeightFormatException(
          path,
          String.format(
              "the file had %,d bytes when it was opened and has %,d now; put it back as it was",
              version[0], now[0]));
    }
    if (!read) {
      throw new IOException(path + ": the disk failed while the file was read");
    }
    if (now[1] != version[1]) {
      throw new WeightFormatException(
          path, "somebody wrote to the file while it was used; put it back as it was");
    }
  }

  /** Tells the operating system what will happen to a range. Changes speed only. */
  public void advise(long offset, long length, Advice advice) {
    checkRange(offset, length, windows);
    if (mapping != null && length > 0) {
      MappedFileJni.advise(address + offset, length, advice.code);
    }
  }

  @Override
  public void close() {
    windows = null;
    if (mapping != null) {
      mapping.close();
    }
    if (memory != null) {
      memory.close();
    }
  }

  @Override
  public String toString() {
    return String.format("%s (%,d bytes)", path, length);
  }

  private ByteBuffer window(long offset, int size, ByteBuffer[] open) {
    return checkRange(offset, size, open)[(int) (offset >>> WINDOW_SHIFT)];
  }

  private ByteBuffer[] checkRange(long offset, long size, ByteBuffer[] open) {
    if (open == null) {
      throw new IllegalStateException(path + " is closed");
    }
    if (offset < 0 || size < 0 || offset > length - size) {
      throw new IndexOutOfBoundsException(
          String.format(
              "%s: asked for %,d bytes at offset %,d, the file has %,d",
              path, size, offset, length));
    }
    return open;
  }
}
