// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.wan.catalog.PublishedFile;
import java.util.Locale;

/** Sizes of published files in words. Stateless. */
final class PublishedSize {
  private PublishedSize() {}

  /** Such as {@code 6.74 GB}; {@code size unknown} where nobody has told. */
  static String text(PublishedFile file) {
    return file.gigabytes().isPresent()
        ? gigabytes(file.gigabytes().getAsDouble()) + " GB"
        : "size unknown";
  }

  /** With two decimals below 10, with one above. */
  static String gigabytes(double gb) {
    return String.format(Locale.ROOT, gb < 10 ? "%.2f" : "%.1f", gb);
  }
}
