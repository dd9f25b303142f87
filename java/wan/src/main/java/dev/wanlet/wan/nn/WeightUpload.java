// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Tensor;
import java.io.IOException;

/**
 * Owner: the piece of host memory that weights pass on their way from a file to the device, so that
 * no second copy of them is made. One thread at a time uploads.
 */
public final class WeightUpload implements AutoCloseable {
  /** Large enough that a piece's fixed cost does not show, small enough to be cheap to pin. */
  private static final int PINNED_BYTES = 16 << 20;

  /** On the CPU a piece is read and copied on while it is in the processor's cache. */
  private static final int CACHED_BYTES = 256 << 10;

  private final long address;
  private final int bytes;
  private final AutoCloseable owner;

  private WeightUpload(long address, int bytes, AutoCloseable owner) {
    this.address = address;
    this.bytes = bytes;
    this.owner = owner;
  }

  /** Host memory that uploads to a device take. */
  public static int bytes(Device device) {
    return device.isCpu() ? CACHED_BYTES : PINNED_BYTES;
  }

  /**
   * Takes the piece; for devices with memory of their own it is pinned, which links copy faster.
   */
  public static WeightUpload open(Backend backend) {
    int bytes = bytes(backend.device());
    if (backend.device().isCpu()) {
      HostMemory memory = new HostMemory(bytes);
      return new WeightUpload(memory.address(), bytes, memory);
    }
    Buffer pinned = backend.allocateHost(bytes);
    return new WeightUpload(pinned.hostAddress(), bytes, pinned);
  }

  /**
   * Uploads a whole tensor, piece by piece.
   *
   * @throws IOException if a piece cannot be read
   */
  public void upload(Tensor tensor, WeightReader.Parts source, long size) throws IOException {
    for (long done = 0; done < size; done += bytes) {
      long n = Math.min(bytes, size - done);
      source.read(done, n, address);
      tensor.setFrom(address, done, n);
    }
  }

  @Override
  public void close() {
    try {
      owner.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("native memory does not fail to close", e);
    }
  }
}
