// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system counts for this process. Stateless, thread-safe. */
final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessMemory() {}

  /** The largest resident size so far, in bytes; 0 where the system does not tell (not Linux). */
  static long peakResidentBytes() {
    try {
      if (Files.isReadable(STATUS)) {
        for (String line : Files.readAllLines(STATUS)) {
          if (line.startsWith("VmHWM:")) {
            return Long.parseLong(line.replaceAll("\\D", "")) << 10;
          }
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
    return 0;
  }
}
