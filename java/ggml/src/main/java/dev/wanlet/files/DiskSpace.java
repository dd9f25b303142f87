// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/** Room on disks. Stateless. */
public final class DiskSpace {
  private static final double KIB = 1024;

  /** What systems say when there is no room: a full disk, a quota, a limit on a file's size. */
  private static final Pattern SHORTAGE =
      Pattern.compile(
          "(?i)no space left|disk quota exceeded|file too large|not enough space on the disk");

  private DiskSpace() {}

  /**
   * Bytes that can still be written beside a file; 0 if there are none, or nobody can tell. Asks
   * the file system itself, so that it works where mounts are not listed.
   */
  public static long usableBytes(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null ? 0 : folder.toFile().getUsableSpace();
  }

  /**
   * Checks that there is room.
   *
   * @param file to be written
   * @throws WriteException if there is not; the message names both sizes
   */
  public static void require(Path file, long bytes) throws WriteException {
    long usable = usableBytes(file);
    if (usable > 0 && usable < bytes) {
      throw new WriteException(file, shortage(file, bytes));
    }
  }

  /** Whether a system's message means that there is no room. */
  public static boolean isShortage(String message) {
    return message != null && SHORTAGE.matcher(message).find();
  }

  /**
   * What to tell of it: how much is needed, how much there is, and what to do.
   *
   * @param file that was to be written
   * @param neededBytes 0 if nobody knows
   */
  public static String shortage(Path file, long neededBytes) {
    long usable = usableBytes(file);
    String needed =
        neededBytes > 0 ? "needs " + text(neededBytes) + " of disk space" : "the disk is full";
    // A limit on the size of files, or a quota, leaves room that cannot be used.
    boolean limited = usable > 0 && usable >= neededBytes;
    return needed
        + ", "
        + text(usable)
        + " are free"
        + (limited ? " but cannot be used, by a limit or by another program" : "")
        + "; free some or write to another disk";
  }

  /** A size with one decimal in the largest unit that fits: {@code 3.7 GiB}. */
  public static String text(long bytes) {
    double value = bytes;
    String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (value >= KIB && unit < units.length - 1) {
      value /= KIB;
      unit++;
    }
    return unit == 0 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
  }
}
