// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import java.util.List;

/**
 * What a network that works on frames takes, exact to the byte in ggml's buffers. All sizes in
 * bytes. Immutable.
 *
 * @param weightBytes weights
 * @param frameBytes frames in work, sharing memory where they can
 * @param historyBytes past frames that layers look back on, those on the device
 * @param computeBytes the buffer that all bands share
 * @param hostHistoryBytes past frames in pinned host memory
 * @param scratchBytes host memory the CPU device takes outside ggml's buffers
 * @param histories past frames of each layer, in order, wherever they are
 */
public record FrameMemory(
    long weightBytes,
    long frameBytes,
    long historyBytes,
    long computeBytes,
    long hostHistoryBytes,
    long scratchBytes,
    List<Long> histories) {
  public FrameMemory {
    histories = List.copyOf(histories);
  }

  /** Device bytes in use at the same time. */
  public long peakBytes() {
    return weightBytes + frameBytes + historyBytes + computeBytes;
  }

  /** Host bytes besides the Java heap. */
  public long hostBytes() {
    return hostHistoryBytes + scratchBytes;
  }
}
