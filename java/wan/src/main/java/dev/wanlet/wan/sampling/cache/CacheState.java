// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a step cache remembers between two steps. Holds the arrays it was given.
 *
 * @param numbers the cache's own business
 * @param arrays each as long as the latents
 */
public record CacheState(List<Double> numbers, List<float[]> arrays) {
  /** Of a run without a cache. */
  public static final CacheState NONE = new CacheState(List.of(), List.of());

  /** Copies the lists, not the arrays. */
  public CacheState {
    numbers = List.copyOf(numbers);
    arrays = List.copyOf(arrays);
  }

  /** The numbers as text, exactly. */
  public String text() {
    return numbers.stream().map(n -> Double.toString(n)).collect(Collectors.joining(","));
  }

  /**
   * Reads {@link #text}.
   *
   * @throws IllegalArgumentException if it holds something else than numbers
   */
  public static List<Double> numbers(String text) {
    return text.isEmpty()
        ? List.of()
        : Stream.of(text.split(",", -1)).map(Double::valueOf).toList();
  }
}
