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

  private static final Pattern ANYONES =
      Pattern.compile(
          "transformer(_2)?|(high|low)_noise_model|snapshots|split_files|diffusion_models"
              + "|[0-9a-f]{40}");

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

  /** Whether a single file is called a high-noise expert. */
  static boolean isHigh(Path file) {
    return HIGH.matcher(name(file)).find();
  }

  private static boolean isHigh(Path high, Path low) {
    return (HIGH.matcher(name(high)).find() && LOW.matcher(name(low)).find())
        || (folder(low).equals(DIFFUSERS_LOW) && !folder(high).equals(DIFFUSERS_LOW));
  }

  /**
   * What the folders around a file and the file itself are called, as far as that tells a model:
   * diffusers' folders, and those of the Hugging Face cache, are called alike in all.
   */
  static String fullName(Path file) {
    StringBuilder name = new StringBuilder(file.getFileName().toString());
    Path folder = file.toAbsolutePath().normalize().getParent();
    while (folder != null && folder.getFileName() != null) {
      String own = folder.getFileName().toString();
      name.insert(0, own + "/");
      if (!ANYONES.matcher(own).matches()) {
        break;
      }
      folder = folder.getParent();
    }
    return name.toString().toLowerCase(Locale.ROOT);
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
