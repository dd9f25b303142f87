// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Owner: a piece of device or host memory in which tensors are placed. Tensors placed in it become
 * invalid when it closes.
 *
 * <p>Thread-safe as far as its callers keep to separate ranges.
 */
public final class Buffer implements AutoCloseable {
  private final BufferType type;
  private final long bytes;
  private final NativeHandle handle;
  private long next;

  Buffer(BufferType type, long bytes, MemoryMeter meter, Device device) {
    if (bytes < 0) {
      throw new IllegalArgumentException("negative buffer size " + bytes);
    }
    this.type = type;
    this.bytes = bytes;
    meter.take(bytes);
    // Not compared with maxBytes(), the size the backend likes best: Vulkan gives larger ones too.
    long address = type.view().call(t -> GgmlJni.bufferNew(t, bytes));
    if (address == 0) {
      meter.give(bytes);
      throw new DeviceMemoryException(device.name(), bytes, device.memory().freeBytes());
    }
    this.handle =
        new NativeHandle(
            this,
            "buffer",
            address,
            a -> {
              GgmlJni.bufferFree(a);
              meter.give(bytes);
            });
  }

  public BufferType type() {
    return type;
  }

  public long bytes() {
    return bytes;
  }

  /**
   * Gives a tensor its memory at an offset.
   *
   * @throws IllegalArgumentException if it does not fit there or the offset is not aligned
   */
  public void place(Tensor tensor, long offset) {
    long needed = type.allocationBytes(tensor);
    if (offset < 0 || offset % type.alignment() != 0 || needed > bytes - offset) {
      throw new IllegalArgumentException(
          String.format(
              "tensor %s of %,d bytes cannot be placed at offset %,d of a buffer of %,d bytes"
                  + " (alignment %d)",
              tensor.name(), needed, offset, bytes, type.alignment()));
    }
    if (tensor.isPlaced()) {
      throw new IllegalStateException("tensor " + tensor.name() + " has its memory already");
    }
    handle.run(tensor.view(), (b, t) -> GgmlJni.bufferPlace(b, t, offset));
    tensor.placedIn(this);
  }

  /** Places a tensor behind those placed this way before. */
  public void place(Tensor tensor) {
    place(tensor, next);
    next = type.align(next + type.allocationBytes(tensor));
  }

  /** Fills the whole buffer with a byte. */
  public void clear(int value) {
    handle.run(b -> GgmlJni.bufferClear(b, value));
  }

  /** Tells the backend that weights live here, which lets it choose faster kernels. */
  public void markWeights() {
    handle.run(GgmlJni::bufferMarkWeights);
  }

  /** The address of host memory, valid until this closes. */
  public long hostAddress() {
    if (!type.isHost()) {
      throw new IllegalStateException("buffer type " + type + " is not host memory");
    }
    return GgmlJni.bufferBase(handle.lend());
  }

  /**
   * A view of host memory, little-endian, valid until this buffer closes.
   *
   * @param offset in bytes
   * @param length in bytes, less than 2 GiB
   */
  public ByteBuffer hostBytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes);
    return GgmlJni.byteBuffer(hostAddress() + offset, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  boolean isClosed() {
    return handle.isClosed();
  }

  @Override
  public void close() {
    handle.close();
  }
}
