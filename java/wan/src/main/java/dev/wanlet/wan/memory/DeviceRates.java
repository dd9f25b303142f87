// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;

/**
 * How fast a device works, for predicting times. Immutable.
 *
 * @param flops floating-point operations a second in matrix products
 * @param uploadBytesPerSecond from host memory to the device
 * @param source where the figures come from: measured, or assumed for a kind of device
 */
public record DeviceRates(double flops, double uploadBytesPerSecond, String source) {
  public DeviceRates {
    if (!(flops > 0) || !(uploadBytesPerSecond > 0)) {
      throw new IllegalArgumentException("rates must be positive: " + flops);
    }
  }

  /** Where rates come from. */
  @FunctionalInterface
  public interface Source {
    /**
     * The rates of a device.
     *
     * @param threads of a CPU device
     */
    DeviceRates of(Device device, int threads);
  }

  /** What is assumed until the device was measured: cautious figures for its kind. */
  public static DeviceRates assumed(Device device) {
    int processors = Runtime.getRuntime().availableProcessors();
    return switch (device.kind()) {
      case CPU, META ->
          new DeviceRates(60e9 * processors, 8e9, "assumed for " + processors + " processors");
      case GPU, ACCELERATOR -> new DeviceRates(15e12, 10e9, "assumed for a graphics card");
      case INTEGRATED_GPU -> new DeviceRates(1.5e12, 10e9, "assumed for integrated graphics");
    };
  }
}
