// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The cache folders of Hugging Face's tools: {@code models--ORG--NAME} holds {@code snapshots/HASH}
 * with links to {@code blobs}, and {@code refs/main} names the snapshot in use. Stateless.
 */
public final class HuggingFaceCache {
  private static final int MOST_REFERENCE_BYTES = 200;

  private HuggingFaceCache() {}

  /**
   * The snapshot in a repository's cache folder; any other path as it is.
   *
   * @throws WeightFormatException if the folder holds no snapshot, or several and none is in use
   * @throws IOException if the folder cannot be listed
   */
  public static Path snapshot(Path path) throws IOException {
    Path snapshots = path.resolve("snapshots");
    if (!Files.isDirectory(snapshots)) {
      return path;
    }
    Path main = path.resolve("refs").resolve("main");
    if (Files.isRegularFile(main) && Files.size(main) <= MOST_REFERENCE_BYTES) {
      String name = Files.readString(main, StandardCharsets.ISO_8859_1).strip();
      if (name.matches("\\w+") && Files.isDirectory(snapshots.resolve(name))) {
        return snapshots.resolve(name);
      }
    }
    List<Path> all;
    try (Stream<Path> listing = Files.list(snapshots)) {
      all = listing.filter(Files::isDirectory).sorted().toList();
    }
    if (all.size() == 1) {
      return all.get(0);
    }
    throw new WeightFormatException(
        path,
        all.isEmpty()
            ? "a Hugging Face cache folder without a snapshot; download the model again"
            : "a Hugging Face cache folder with "
                + all.size()
                + " snapshots; give one of them: "
                + all.stream().map(Path::toString).collect(Collectors.joining(", ")));
  }
}
