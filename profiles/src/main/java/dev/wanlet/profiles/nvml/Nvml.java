// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.nvml;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * NVIDIA's cards, asked of the driver's library. Immutable.
 *
 * @param cards that the driver has
 * @param driver its version; empty where it does not tell
 * @param problem why nothing, or not all, could be asked, in a line; empty if all is well
 * @param isInstalled whether there is such a driver; without a card of NVIDIA's there need not be
 */
public record Nvml(
    List<NvmlCard> cards, Optional<String> driver, Optional<String> problem, boolean isInstalled) {
  /** The library by its place or name; tests put one of their own there. */
  static final String OVERRIDE = "dev.wanlet.nvml";

  public Nvml {
    cards = List.copyOf(cards);
  }

  /** Asks now; takes some milliseconds, the first time some tenths of a second. */
  public static Nvml ask() {
    String own = System.getProperty(OVERRIDE, "");
    return ask(own.isEmpty() ? usualNames() : List.of(own));
  }

  private static List<String> usualNames() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("win")
        ? List.of("nvml")
        : List.of("libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1");
  }

  /**
   * Asks a library.
   *
   * @param names or places of it; the first that can be loaded counts
   */
  static Nvml ask(List<String> names) {
    Optional<NvmlLibrary> found =
        names.stream().flatMap(n -> NvmlLibrary.load(n).stream()).findFirst();
    if (found.isEmpty()) {
      return none(
          false, "no driver of NVIDIA's is installed (its library libnvidia-ml is not there)");
    }
    NvmlLibrary library = found.get();
    int begun = library.begin();
    if (begun != NvmlLibrary.SUCCESS) {
      return none(true, NvmlLibrary.meaning(begun));
    }
    try {
      return of(new NvmlQueries(library));
    } finally {
      library.end();
    }
  }

  private static Nvml of(NvmlQueries queries) {
    List<NvmlCard> cards = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < queries.count(); i++) {
      Optional<NvmlCard> card = queries.card(i);
      if (card.isPresent()) {
        cards.add(card.get());
      } else {
        problems.add("card " + i + ": " + queries.lastProblem());
      }
    }
    if (cards.isEmpty() && problems.isEmpty()) {
      problems.add("NVIDIA's driver has no card: " + queries.lastProblem());
    }
    return new Nvml(
        cards,
        queries.driver(),
        problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems)),
        true);
  }

  private static Nvml none(boolean installed, String problem) {
    return new Nvml(List.of(), Optional.empty(), Optional.of(problem), installed);
  }

  /**
   * The card that a backend calls so; empty if there is none or several.
   *
   * @param description as ggml has it, such as {@code NVIDIA GeForce RTX 4060}
   */
  public Optional<NvmlCard> card(String description) {
    List<NvmlCard> same = cards.stream().filter(c -> c.name().equals(description)).toList();
    return same.size() == 1 ? Optional.of(same.get(0)) : Optional.empty();
  }
}
