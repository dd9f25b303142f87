// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Tensor;

/**
 * Owner: uploads in pieces through a small ring of pinned memory, so that the driver copies at full
 * link speed and no second copy of the weights is made. One thread at a time uploads.
 */
public final class PinnedUpload implements WeightUpload, AutoCloseable {
  /** Large enough that a piece's fixed cost does not show, small enough to be cheap to pin. */
  public static final int PIECE_BYTES = 16 << 20;

  private final Buffer ring;

  PinnedUpload(Backend backend) {
    this.ring = backend.allocateHost(PIECE_BYTES);
  }

  @Override
  public void upload(Tensor tensor, long address, long bytes) {
    long staging = ring.hostAddress();
    for (long done = 0; done < bytes; done += PIECE_BYTES) {
      long n = Math.min(PIECE_BYTES, bytes - done);
      HostMemory.copy(address + done, staging, n);
      tensor.setFrom(staging, done, n);
    }
  }

  @Override
  public void close() {
    ring.close();
  }
}
