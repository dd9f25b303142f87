// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.GlobalMemory;
import oshi.hardware.HWDiskStore;
import oshi.hardware.HardwareAbstractionLayer;

/**
 * Processor, memory and disks. Immutable.
 *
 * @param processor its maker's name for it
 * @param cores that compute
 * @param processors that the system sees; two for each core where cores do two things at once
 * @param memoryBytes of the machine
 * @param availableBytes that programs can still take; the file cache counts, since it gives way
 * @param swapUsedBytes that lie on a disk because memory did not suffice
 * @param disks of the machine; none where a container does not show them
 */
public record Host(
    String processor,
    int cores,
    int processors,
    long memoryBytes,
    long availableBytes,
    long swapUsedBytes,
    List<Disk> disks) {
  public Host {
    disks = List.copyOf(disks);
  }

  /**
   * A disk. Immutable.
   *
   * @param name as the system calls it, such as {@code nvme0n1}
   * @param model its maker's name for it
   * @param bytes it holds
   */
  public record Disk(String name, String model, long bytes) {}

  /** Looks now, in some tenths of a second; empty where the system cannot be asked. */
  public static Optional<Host> look() {
    try {
      return Optional.of(of(new SystemInfo().getHardware()));
    } catch (LinkageError | RuntimeException e) {
      return Optional.empty(); // a platform that OSHI does not know, or one that hides it all
    }
  }

  private static Host of(HardwareAbstractionLayer hardware) {
    CentralProcessor processor = hardware.getProcessor();
    GlobalMemory memory = hardware.getMemory();
    List<Disk> disks = new ArrayList<>();
    for (HWDiskStore disk : hardware.getDiskStores()) {
      if (disk.getSize() > 0) {
        disks.add(new Disk(shortName(disk.getName()), disk.getModel().strip(), disk.getSize()));
      }
    }
    return new Host(
        processor.getProcessorIdentifier().getName().strip(),
        processor.getPhysicalProcessorCount(),
        processor.getLogicalProcessorCount(),
        memory.getTotal(),
        memory.getAvailable(),
        memory.getVirtualMemory().getSwapUsed(),
        disks);
  }

  private static String shortName(String name) {
    return name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  }
}
