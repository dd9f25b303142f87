// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Where others publish a network in many quantisation types, one file each. Immutable.
 *
 * @param repository on the Hugging Face hub
 * @param paths inside it, {@value #TYPE} standing for the type; the high-noise expert first where
 *     there are two
 * @param types those that are known to be there; empty where nobody has told
 */
record PublishedGguf(String repository, List<String> paths, List<String> types) {
  private static final String TYPE = "TYPE";

  PublishedGguf {
    paths = List.copyOf(paths);
    types = types == null ? List.of() : List.copyOf(types);
  }

  /** Whether there is a type, as far as is known. */
  boolean has(String type) {
    return types.isEmpty() || types.contains(canonical(type));
  }

  /**
   * The files of one type.
   *
   * @param part what the last of them holds
   * @param known sizes and sums, by repository and path
   */
  List<PublishedFile> files(ModelPart part, String type, Map<String, PublishedFile.Entry> known) {
    List<PublishedFile> files = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      String path = paths.get(i).replace(TYPE, canonical(type));
      boolean last = i == paths.size() - 1;
      PublishedFile.Entry plain =
          new PublishedFile.Entry(null, repository, null, path, null, null, null);
      files.add(
          Optional.ofNullable(known.get(repository + "/" + path))
              .orElse(plain)
              .file(last ? part : ModelPart.HIGH_NOISE_TRANSFORMER));
    }
    return files;
  }

  private static String canonical(String type) {
    return type.strip().toUpperCase(Locale.ROOT);
  }
}
