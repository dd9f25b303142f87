// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.caches;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.profiles.UserFolder;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The measured tables in a folder.
 *
 * @param folder need not exist
 */
public record MeasuredCaches(Path folder) {
  /** Where a user's are. */
  public static MeasuredCaches ofUser() {
    return new MeasuredCaches(UserFolder.of("caches"));
  }

  /**
   * Keeps a table in the place of an older one of the same kind, model, type, recipe and steps.
   *
   * @return its file
   * @throws IOException if it cannot be written
   */
  public Path save(MeasuredCache measured) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve(measured.fileName());
    AtomicFile.write(file, measured.text().getBytes(StandardCharsets.UTF_8));
    return file;
  }

  /**
   * The table for a run: of the same model and recipe; of those first one of the same type, then of
   * the nearest number of steps. Empty if there is none.
   *
   * @throws IOException if a file cannot be read, or is none; the message names it
   */
  public Optional<MeasuredCache> find(
      CacheKind kind, String model, String type, String recipe, int steps) throws IOException {
    return all().stream()
        .filter(m -> m.table().kind() == kind && m.model().equals(model))
        .filter(m -> m.recipe().equals(recipe))
        .min(
            Comparator.comparing((MeasuredCache m) -> !m.type().equals(type))
                .thenComparing(m -> Math.abs(m.steps() - steps))
                .thenComparing(MeasuredCache::steps));
  }

  private List<MeasuredCache> all() throws IOException {
    List<MeasuredCache> all = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
          all.add(MeasuredCache.read(file, text(file)));
        }
      }
    }
    return all;
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw new WeightFormatException(
          file, "not a table of a step cache: it is not text in UTF-8; measure it anew", e);
    }
  }
}
