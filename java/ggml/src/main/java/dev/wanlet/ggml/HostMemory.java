// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Owner: plain host memory outside the Java heap, 64-byte aligned. Thread-safe by separate ranges.
 */
public final class HostMemory implements AutoCloseable {
  private final NativeHandle handle;
  private final long bytes;

  /**
   * Allocates.
   *
   * @throws GgmlException with {@link ErrorCode#OUT_OF_MEMORY} if the system has not that much
   */
  public HostMemory(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("negative size " + bytes);
    }
    long address = GgmlJni.hostAlloc(Math.max(1, bytes));
    if (address == 0) {
      throw new GgmlException(
          ErrorCode.OUT_OF_MEMORY, String.format("no %,d bytes of host memory left", bytes));
    }
    this.bytes = bytes;
    this.handle = new NativeHandle(this, "host memory", address, GgmlJni::hostFree);
  }

  /** The first byte's address, valid until this closes. */
  public long address() {
    return handle.lend();
  }

  public long bytes() {
    return bytes;
  }

  /** A little-endian view of a part, valid until this closes. */
  public ByteBuffer view(long offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes);
    return GgmlJni.byteBuffer(handle.lend() + offset, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Copies native memory; the ranges must not overlap. */
  public static void copy(long from, long to, long bytes) {
    GgmlJni.hostCopy(from, to, bytes);
  }

  @Override
  public void close() {
    handle.close();
  }
}
