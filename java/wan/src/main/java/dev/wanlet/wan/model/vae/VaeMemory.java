// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.wan.nn.frames.FrameMemory;
import java.util.List;

/**
 * What half a VAE takes, exact to the byte in ggml's buffers, known without weights and without
 * taking memory. All sizes in bytes. Immutable.
 *
 * @param settings what was planned
 * @param weightBytes weights
 * @param frameBytes frames in work, sharing memory where they can
 * @param historyBytes past frames that convolutions look back on, those on the device
 * @param computeBytes the buffer that all bands share
 * @param hostHistoryBytes past frames in pinned host memory
 * @param scratchBytes host memory the CPU device takes outside ggml's buffers
 * @param histories past frames of each convolution, in order, wherever they are
 */
public record VaeMemory(
    VaeSettings settings,
    long weightBytes,
    long frameBytes,
    long historyBytes,
    long computeBytes,
    long hostHistoryBytes,
    long scratchBytes,
    List<Long> histories) {
  public VaeMemory {
    histories = List.copyOf(histories);
  }

  VaeMemory(VaeSettings settings, FrameMemory m) {
    this(
        settings,
        m.weightBytes(),
        m.frameBytes(),
        m.historyBytes(),
        m.computeBytes(),
        m.hostHistoryBytes(),
        m.scratchBytes(),
        m.histories());
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
