// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.CRC32;

/** Names made from the name of a file, short enough for a file system. Stateless. */
public final class FileNames {
  /** The longest name of the usual file systems, in bytes of UTF-8. */
  public static final int MAX_BYTES = 255;

  private FileNames() {}

  /**
   * A name between a prefix and a suffix. If the whole would be too long, the name's end gives way
   * to a checksum, so that different names stay different and equal ones equal.
   */
  public static String fit(String prefix, String name, String suffix) {
    int room = MAX_BYTES - bytes(prefix) - bytes(suffix);
    if (bytes(name) <= room) {
      return prefix + name + suffix;
    }
    CRC32 checksum = new CRC32();
    checksum.update(name.getBytes(StandardCharsets.UTF_8));
    String mark = String.format(Locale.ROOT, "~%08x", checksum.getValue());
    int end = name.length();
    while (bytes(name.substring(0, end)) > room - mark.length()) {
      end = name.offsetByCodePoints(end, -1);
    }
    return prefix + name.substring(0, end) + mark + suffix;
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
