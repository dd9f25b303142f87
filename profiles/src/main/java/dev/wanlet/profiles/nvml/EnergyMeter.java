// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.nvml;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * What a card draws over a while, by the counter of its driver: the whole card, so what other
 * programs make it draw is in it. Confined to one thread.
 */
public final class EnergyMeter {
  private final String description;
  private final Supplier<Nvml> driver;
  private final OptionalDouble before;
  private Optional<String> problem;

  private EnergyMeter(String description, Supplier<Nvml> driver) {
    this.description = description;
    this.driver = driver;
    this.before = joules();
  }

  /**
   * Starts to count.
   *
   * @param description of the card as ggml has it, such as {@code NVIDIA GeForce RTX 4060}
   */
  public static EnergyMeter start(String description) {
    return start(description, Nvml::ask);
  }

  /** Starts to count with another driver. */
  static EnergyMeter start(String description, Supplier<Nvml> driver) {
    return new EnergyMeter(description, driver);
  }

  /** Joules since the start; empty if they cannot be had, which {@link #problem} explains. */
  public OptionalDouble sinceStart() {
    if (before.isEmpty()) {
      return before;
    }
    OptionalDouble now = joules();
    return now.isPresent() ? OptionalDouble.of(now.getAsDouble() - before.getAsDouble()) : now;
  }

  /** Why there are no joules, in a line; empty if there are. */
  public Optional<String> problem() {
    return problem;
  }

  private OptionalDouble joules() {
    Nvml nvml = driver.get();
    Optional<NvmlCard> card = nvml.card(description);
    OptionalDouble joules = card.map(c -> c.power().joules()).orElseGet(OptionalDouble::empty);
    if (joules.isPresent()) {
      problem = Optional.empty();
    } else if (card.isPresent()) {
      problem =
          Optional.of("NVIDIA's driver does not count what the card '" + description + "' draws");
    } else if (nvml.cards().isEmpty()) {
      problem = nvml.problem();
    } else {
      problem =
          Optional.of("NVIDIA's driver has not exactly one card called '" + description + "'");
    }
    return joules;
  }
}
