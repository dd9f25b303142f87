// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.model.vae.VaeMemory;

/**
 * How half of a VAE works on a clip, and every byte that takes. Immutable.
 *
 * @param memory settings and sizes
 * @param hiddenBytes bound of what the backend takes by itself
 */
public record VaePlan(VaeMemory memory, long hiddenBytes) {
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
