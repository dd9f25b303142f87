// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Facts of the operating system that Java does not tell. Stateless. */
final class HostFacts {
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d+) kB");

  private HostFacts() {}

  /**
   * Memory that programs can still take: on Linux the file cache counts too, since it gives way.
   *
   * @param free what to answer where the system does not say
   */
  static long availableMemory(long free) {
    try {
      Matcher matcher = AVAILABLE.matcher(Files.readString(MEMINFO));
      return matcher.find() ? Long.parseLong(matcher.group(1)) << 10 : free;
    } catch (IOException e) {
      return free; // not Linux
    }
  }
}
