// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.CacheFinder;
import dev.wanlet.cli.options.RecipeFinder;
import dev.wanlet.profiles.recipes.RecipeChoice;
import dev.wanlet.profiles.select.Selector;
import dev.wanlet.profiles.select.Way;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Owner: the ways to sample a model whose files are at hand, each with its adapters: its own, the
 * same with the step cache whose savings are known beforehand, and sampling recipes whose adapters
 * lie beside it. Valid while the model is open; confined to one thread.
 */
final class Ways implements AutoCloseable {
  private final List<OpenAdapters> open = new ArrayList<>();
  private final List<Selector.Option> options = new ArrayList<>();

  private Ways() {}

  /**
   * Opens them; what was given decides where it names a recipe or a way to sample.
   *
   * @param cacheIsOpen whether a step cache may be chosen
   * @throws IOException if an adapter that was given, or a table of the user's, cannot be read
   */
  static Ways open(Machine machine, OpenModel model, SettingValues given, boolean cacheIsOpen)
      throws IOException {
    Ways ways = new Ways();
    try {
      ways.add(machine, model, given, Way.OWN);
      if (cacheIsOpen) {
        Optional<SettingValues> cached = CacheFinder.predictable(given, model);
        if (cached.isPresent()) {
          ways.add(machine, model, cached.get(), Way.cached(cached.get()));
        }
      }
      for (RecipeChoice recipe : RecipeFinder.atHand(given, model)) {
        SettingValues settings = recipe.settings();
        Way way = Way.ofRecipe(settings.find(Settings.RECIPE).orElseThrow(), settings);
        ways.add(machine, model, settings, way);
      }
      return ways;
    } catch (IOException | RuntimeException e) {
      ways.close();
      throw e;
    }
  }

  private void add(Machine machine, OpenModel model, SettingValues settings, Way way)
      throws IOException {
    OpenAdapters adapters = OpenAdapters.open(AdapterList.of(settings), model);
    open.add(adapters);
    options.add(machine.option(model, adapters, settings, way));
  }

  /** What there is to choose from. */
  List<Selector.Option> options() {
    return List.copyOf(options);
  }

  @Override
  public void close() {
    open.forEach(OpenAdapters::close);
    open.clear();
  }
}
