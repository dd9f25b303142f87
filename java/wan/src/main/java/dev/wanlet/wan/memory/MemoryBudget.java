// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import com.sun.management.OperatingSystemMXBean;
import dev.wanlet.ggml.Device;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * How much memory a run may take. Immutable.
 *
 * @param deviceBytes on the device
 * @param hostBytes of host memory
 * @param shared whether the device's memory is host memory too, so that both together must keep to
 *     {@code hostBytes}; a budget that the user stated for a CPU device counts by itself
 */
public record MemoryBudget(long deviceBytes, long hostBytes, boolean shared) {
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final long KIB = 1024;

  /** Left to the desktop and to other programs on the card. */
  private static final long DEVICE_MARGIN = 256L << 20;

  /** The part of free host memory that a run may take. */
  private static final double HOST_SHARE = 0.85;

  /** Budgets of two memories. */
  public MemoryBudget(long deviceBytes, long hostBytes) {
    this(deviceBytes, hostBytes, false);
  }

  /** What the user allows; what is not said is measured now. */
  public static MemoryBudget of(ComputeSettings settings, Device device) {
    return of(settings, device, 0);
  }

  /**
   * As {@link #of(ComputeSettings, Device)}, for a run that may also use what is held already.
   *
   * @param heldBytes device memory that is not free, but would be given back for the run
   */
  public static MemoryBudget of(ComputeSettings settings, Device device, long heldBytes) {
    // What the CPU device allocates is host memory.
    long held = device.isCpu() ? heldBytes : 0;
    long host =
        settings.hostBudgetBytes().orElseGet(() -> (long) (HOST_SHARE * (freeHostBytes() + held)));
    long dev =
        settings
            .deviceBudgetBytes()
            .orElseGet(() -> device.isCpu() ? host : automatic(device, heldBytes));
    return new MemoryBudget(dev, host, device.isCpu() && settings.deviceBudgetBytes().isEmpty());
  }

  /** The same with another budget of device memory. */
  public MemoryBudget withDeviceBytes(long bytes) {
    return new MemoryBudget(bytes, hostBytes, shared);
  }

  // A CUDA context is gone from the free memory by now, and a plan counts it once more. That errs
  // on
  // the safe side until a card has shown how much of it comes later, with the first kernels.
  private static long automatic(Device device, long heldBytes) {
    return Math.max(0, device.memory().freeBytes() + heldBytes - DEVICE_MARGIN);
  }

  /**
   * Host memory that can be had without swapping, within the limits of a container; page cache
   * counts as free.
   */
  public static long freeHostBytes() {
    long machine =
        available()
            .orElseGet(
                () ->
                    ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                        .getFreeMemorySize());
    return Math.min(machine, ProcessLimits.current().freeBytes().orElse(Long.MAX_VALUE));
  }

  private static OptionalLong available() {
    try {
      return Files.readAllLines(MEMINFO).stream()
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KIB)
          .findFirst();
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty(); // not Linux
    }
  }
}
