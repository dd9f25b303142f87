// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What this process holds of the machine's memory. Stateless. */
public final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern OWN = Pattern.compile("(?m)^RssAnon:\\s*(\\d+) kB$");
  private static final int KIB = 1024;

  private ProcessMemory() {}

  /**
   * Bytes in memory now that are the process's own, Java's heap among them: not those of mapped
   * files, which give way. Empty where the system does not tell the two apart: it is Linux that
   * does.
   */
  public static OptionalLong ownBytes() {
    try {
      return own(Files.readString(STATUS, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** The same of the text of {@code /proc/self/status}. */
  static OptionalLong own(String status) {
    Matcher line = OWN.matcher(status);
    return line.find()
        ? OptionalLong.of(KIB * Long.parseLong(line.group(1)))
        : OptionalLong.empty();
  }
}
