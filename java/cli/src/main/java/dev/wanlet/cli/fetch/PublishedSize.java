// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import dev.wanlet.wan.catalog.PublishedFile;
import java.util.Locale;

/** Sizes of published files in words. Stateless. */
public final class PublishedSize {
  private PublishedSize() {}

  /** Such as {@code 6.74 GB}; {@code size unknown} where nobody has told. */
  public static String text(PublishedFile file) {
    return file.gigabytes().isPresent()
        ? gigabytes(file.gigabytes().getAsDouble()) + " GB"
        : "size unknown";
  }

  /** With two decimals below 10, with one above. */
  private static String gigabytes(double gb) {
    return String.format(Locale.ROOT, gb < 10 ? "%.2f" : "%.1f", gb);
  }
}
