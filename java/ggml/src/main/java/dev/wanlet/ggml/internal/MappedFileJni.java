// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import java.nio.ByteBuffer;

/**
 * The native side of memory-mapped files and of views on native memory; see {@code
 * jni_mapped_file.cpp}. Nothing is checked here: callers own the addresses they pass. Thread-safe.
 */
public final class MappedFileJni {
  /** {@code advise}: pages will be read from front to back. */
  public static final int SEQUENTIAL = 0;

  /** {@code advise}: start reading these pages now. */
  public static final int WILL_NEED = 1;

  /** {@code advise}: these pages can leave memory; they are read again when touched. */
  public static final int DONT_NEED = 2;

  static {
    NativeLibrary.load();
  }

  private MappedFileJni() {}

  /**
   * Maps a whole file read-only.
   *
   * @param utf8Path the path in UTF-8
   * @return address, length in bytes and the open file
   * @throws dev.wanlet.ggml.GgmlException (IO) if the file cannot be opened or mapped, or is empty
   */
  public static native long[] map(byte[] utf8Path);

  /** Ends a mapping made by {@link #map} and closes the file; the numbers are those it returned. */
  public static native void unmap(long address, long length, long file);

  /**
   * Copies a part of a mapped file to native memory, and survives that it is not there any more.
   *
   * @param address what {@link #map} returned, as is {@code file}
   * @return false if the file does not hold these bytes any more, or its disk fails
   * @throws dev.wanlet.ggml.GgmlException (IO) if the system says so instead
   */
  public static native boolean read(long address, long file, long offset, long target, long length);

  /**
   * What tells whether an open file was changed.
   *
   * @return its length in bytes now, and the time it was last written, in a unit of the system's
   */
  public static native long[] version(long file);

  /** Passes one of the constants above to the operating system; has no effect where unknown. */
  public static native void advise(long address, long length, int advice);

  /** A direct buffer on memory that somebody else owns; at most 2 GiB - 1. */
  public static native ByteBuffer window(long address, long length);
}
