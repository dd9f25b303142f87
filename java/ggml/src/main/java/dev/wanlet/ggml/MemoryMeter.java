// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the bytes of ggml buffers that are alive, remembers the most there ever were, and refuses
 * what would pass a limit. Thread-safe.
 */
public final class MemoryMeter {
  private final AtomicLong current = new AtomicLong();
  private final AtomicLong peak = new AtomicLong();
  private final String device;
  private volatile long limitBytes = Long.MAX_VALUE;

  MemoryMeter(String device) {
    this.device = device;
  }

  /** Sets the budget: allocations beyond it fail as if the device were full. */
  public void limit(long bytes) {
    limitBytes = bytes;
  }

  public long limitBytes() {
    return limitBytes;
  }

  /** Bytes of buffers alive now. */
  public long currentBytes() {
    return current.get();
  }

  /** The most bytes that were alive at one time since the last {@link #resetPeak()}. */
  public long peakBytes() {
    return peak.get();
  }

  /** Starts a new measurement of the peak from what is alive now. */
  public void resetPeak() {
    peak.set(current.get());
  }

  void take(long bytes) {
    long now = current.addAndGet(bytes);
    if (now > limitBytes) {
      current.addAndGet(-bytes);
      throw new DeviceMemoryException(device, bytes, Math.max(0, limitBytes - (now - bytes)));
    }
    peak.accumulateAndGet(now, Math::max);
  }

  void give(long bytes) {
    current.addAndGet(-bytes);
  }
}
