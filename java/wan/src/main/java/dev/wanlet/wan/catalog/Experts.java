// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Tells the two experts of a Wan 2.2 14B model apart by the names of their files. Stateless. */
final class Experts {
  private static final Pattern HIGH = Pattern.compile("high[._-]?noise");
  private static final Pattern LOW = Pattern.compile("low[._-]?noise");

  /** Diffusers' name of the second transformer, which is the low-noise one. */
  private static final String DIFFUSERS_LOW = "transformer_2";

  private Experts() {}

  /** The high-noise expert, then the low-noise one; empty if the names do not say. */
  static List<WeightFileFacts> ordered(List<WeightFileFacts> two) {
    WeightFileFacts a = two.get(0);
    WeightFileFacts b = two.get(1);
    if (isHigh(a.path(), b.path())) {
      return List.of(a, b);
    }
    return isHigh(b.path(), a.path()) ? List.of(b, a) : List.of();
  }

  private static boolean isHigh(Path high, Path low) {
    return (HIGH.matcher(name(high)).find() && LOW.matcher(name(low)).find())
        || (folder(low).equals(DIFFUSERS_LOW) && !folder(high).equals(DIFFUSERS_LOW));
  }

  /** Name of the file and its folder. */
  static String name(Path file) {
    return folder(file) + "/" + file.getFileName().toString().toLowerCase(Locale.ROOT);
  }

  private static String folder(Path file) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return folder == null || folder.getFileName() == null
        ? ""
        : folder.getFileName().toString().toLowerCase(Locale.ROOT);
  }
}
