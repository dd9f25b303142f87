// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.files.WorkFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Measurements of the last day, a file for each. Thread-safe. */
record MeasurementCache(Path folder) {
  /** Name of a file until it is whole. */
  private static final String PENDING = "rates";

  /** Clocks, cooling and what fills a disk change, so a measurement does not count for ever. */
  private static final Duration KEEP = Duration.ofDays(1);

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Empty if there is none, or it is old or damaged: then it is measured anew. */
  <T> Optional<T> find(String key, Class<T> type) {
    Path file = file(key);
    try {
      return Files.isRegularFile(file) && age(file).compareTo(KEEP) < 0
          ? Optional.of(JSON.readValue(file.toFile(), type))
          : Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Remembers, if the folder can be written; without it the next run measures again. */
  void store(String key, Object measurement) {
    try {
      Files.createDirectories(folder);
      Path file = file(key);
      try (WorkFolder work = WorkFolder.beside(file)) {
        JSON.writeValue(work.file(PENDING).toFile(), measurement);
        work.moveTo(PENDING, file);
      }
    } catch (IOException e) {
      // a cache is a convenience
    }
  }

  private Path file(String key) {
    return folder.resolve(key.replaceAll("[^A-Za-z0-9._-]+", "_") + ".json");
  }

  private static Duration age(Path file) throws IOException {
    return Duration.between(Files.getLastModifiedTime(file).toInstant(), Instant.now());
  }
}
