// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.profiles.select.Choice;
import dev.wanlet.profiles.select.Profiles;
import dev.wanlet.profiles.select.Selector;
import dev.wanlet.profiles.select.Wish;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.request.SettingValues;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What this machine could make with the published models, without their files. Stateless. */
public final class WhatFits {
  private WhatFits() {}

  /**
   * The choice of a profile. Immutable.
   *
   * @param profile its name
   * @param choice model, type, size, length, steps and predicted time, in a line; or why there is
   *     none
   * @param late that nothing ends within the profile's patience, in a line; empty if it does
   */
  public record Fit(String profile, String choice, Optional<String> late) {}

  /**
   * What each of the profiles that come along would choose here.
   *
   * @throws IOException if the list of published models cannot be planned with
   */
  public static List<Fit> here() throws IOException {
    Machine machine = Machine.here(SettingValues.NONE.compute());
    List<Fit> fits = new ArrayList<>();
    try (PublishedModels models =
        PublishedModels.open(
            PublishedModels.fromText(), List.of(), machine.settings(), machine.device())) {
      List<Selector.Option> options = models.options(machine.rates());
      for (String name : List.of("draft", "balanced", "quality")) {
        fits.add(fit(machine, options, name));
      }
    }
    return fits;
  }

  private static Fit fit(Machine machine, List<Selector.Option> options, String name) {
    Wish wish =
        new Wish(
            Profiles.standard().require(name),
            Optional.empty(),
            OptionalDouble.empty(),
            Optional.empty(),
            SettingValues.NONE);
    try {
      Choice choice = new Selector(machine.budget()).choose(options, wish);
      boolean late = choice.candidate().seconds() > wish.patienceSeconds();
      return new Fit(
          name, choice.line(), late ? choice.reasons().stream().findFirst() : Optional.empty());
    } catch (MemoryBudgetException e) {
      return new Fit(name, "nothing: " + e.getMessage(), Optional.empty());
    }
  }
}
