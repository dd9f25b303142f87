// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.console.Table;
import dev.wanlet.profiles.select.Candidate;
import dev.wanlet.profiles.select.Choice;
import dev.wanlet.profiles.select.Selector;
import dev.wanlet.profiles.select.Wish;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.ControlSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Chooses for a command what its user left open, and says why. Confined to one thread. */
final class AutoChoice {
  private final Machine machine;
  private final WishFlags flags;
  private final SettingValues given;
  private final PrintWriter err;

  AutoChoice(Machine machine, WishFlags flags, SettingValues given, PrintWriter err) {
    this.machine = machine;
    this.flags = flags;
    this.given = given;
    this.err = err;
  }

  /** Whether size and steps of a model are left open. The demo model has its own. */
  static boolean isWanted(WishFlags flags, SettingValues given, ModelDefaults model) {
    boolean sized =
        given.find(Settings.SIZE).isPresent()
            || given.find(Settings.WIDTH).isPresent()
            || given.find(Settings.HEIGHT).isPresent();
    boolean stepped =
        given.find(Settings.STEPS).isPresent() || given.find(Settings.SIGMAS).isPresent();
    boolean open = !sized && !stepped;
    return flags.isGiven() || (open && !ModelCatalog.isDemo(model.id()));
  }

  /** Chooses for a model whose files are at hand, or that stands for itself. */
  Choice among(OpenModel model) throws IOException {
    try (Ways ways = Ways.open(machine, model, given, flags.leavesCacheOpen())) {
      return choose(ways.options());
    }
  }

  /**
   * Chooses among the published models that this version can run, with or without pictures as the
   * clip has them.
   *
   * @param only an id; empty for all
   */
  Choice amongPublished(Optional<String> only) throws IOException {
    try (PublishedModels models =
        PublishedModels.open(
            only.<Predicate<ModelDefaults>>map(id -> m -> m.id().equals(id))
                .orElse(PublishedModels.forClips(given)),
            AdapterList.of(given),
            machine.settings(),
            machine.device())) {
      return choose(models.options(machine.rates()));
    }
  }

  private Choice choose(List<Selector.Option> options) throws IOException {
    boolean demo = options.stream().allMatch(o -> ModelCatalog.isDemo(o.model().id()));
    SettingValues asked =
        flags.hasDuration() ? given : ControlSettings.withLength(given, options.get(0).model());
    Wish wish = flags.wish(asked, demo);
    Selector selector = new Selector(machine.budget());
    Choice choice = selector.choose(options, wish);
    err.println("wanlet: profile " + wish.profile().name() + ": " + choice.line());
    choice.reasons().forEach(reason -> err.println("wanlet:   " + reason));
    choice.notes(given).forEach(note -> err.println("wanlet: " + note));
    if (flags.explain()) {
      err.println("wanlet: what no other choice beats in both time and quality:");
      table(selector.front(options, wish), choice.candidate()).lines().forEach(err::println);
    }
    err.flush();
    return choice;
  }

  private static String table(List<Candidate> front, Candidate chosen) {
    Table table = new Table();
    table.row(
        "", "time", "size", "frames", "steps", "sampled with", "device memory", "model", "type");
    for (Candidate c : front) {
      table.row(
          c.isSameAs(chosen) ? "*" : "",
          c.time(),
          c.job().size().toString(),
          Integer.toString(c.job().frames()),
          Integer.toString(c.steps()),
          c.way().isOwn() ? "-" : c.way().words(),
          ByteSize.format(c.plan().peakDeviceBytes()),
          c.model().id(),
          c.recipe().isEmpty() ? "as stored" : c.recipe());
    }
    return table.render("wanlet:   ");
  }
}
