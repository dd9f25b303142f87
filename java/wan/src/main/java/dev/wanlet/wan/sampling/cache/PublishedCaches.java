// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/**
 * Numbers of step caches that were published for a model, read from {@code caches.json}; that of
 * the demo model was measured by us. Immutable.
 */
public final class PublishedCaches {
  private static final String RESOURCE = "caches.json";

  /**
   * An entry of the file.
   *
   * @param model id of the model
   * @param source where the numbers come from
   * @param numbers as {@link CacheNumbers#parse} reads them
   */
  public record Entry(String model, String source, String numbers) {}

  private static final class Loaded {
    static final List<Entry> ENTRIES = load();
  }

  private PublishedCaches() {}

  private static List<Entry> load() {
    try (InputStream in = PublishedCaches.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks its resource " + RESOURCE);
      }
      return List.of(new ObjectMapper().readValue(in, Entry[].class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of them. */
  public static List<Entry> entries() {
    return Loaded.ENTRIES;
  }

  /** The numbers of a cache for a model; EasyCache needs none of its own. */
  public static Optional<CacheNumbers> find(CacheKind kind, String model) {
    if (kind == CacheKind.EASY) {
      return Optional.of(CacheNumbers.EASY);
    }
    return entries().stream()
        .filter(e -> e.model().equals(model))
        .map(e -> CacheNumbers.parse(e.numbers()))
        .filter(n -> n.kind() == kind)
        .findFirst();
  }
}
