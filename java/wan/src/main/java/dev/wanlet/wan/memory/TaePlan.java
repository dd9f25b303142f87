// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.model.tae.TaeSettings;
import dev.wanlet.wan.nn.frames.FrameMemory;

/**
 * How a small decoder works on a clip, and every byte that takes. Immutable.
 *
 * @param file its weights
 * @param settings how it works
 * @param memory sizes
 * @param hiddenBytes bound of what the backend takes by itself
 */
public record TaePlan(TaeFile file, TaeSettings settings, FrameMemory memory, long hiddenBytes) {
  /** Where the device memory goes. */
  public DeviceBytes deviceBytes() {
    long state = memory.frameBytes() + memory.historyBytes();
    return new DeviceBytes(memory.weightBytes(), 0, 0, state, memory.computeBytes(), hiddenBytes);
  }

  /** The most device memory in use. */
  public long peakDeviceBytes() {
    return deviceBytes().peak();
  }
}
