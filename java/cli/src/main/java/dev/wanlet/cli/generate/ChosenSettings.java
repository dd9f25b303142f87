// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.CacheFinder;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.RecipeFinder;
import dev.wanlet.profiles.recipes.RecipeChoice;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;

/**
 * What was given, and what a sampling recipe, the machine and measurements of the model fill in.
 * Immutable.
 *
 * @param notes what the user should know, a line each
 */
record ChosenSettings(ModelFiles files, SettingValues values, List<String> notes) {
  /**
   * Fills in what is open.
   *
   * @param err hears of what the machine chose
   */
  static ChosenSettings of(SettingValues given, WishFlags wishes, PrintWriter err)
      throws IOException {
    ModelFiles files = ModelFinder.resolve(given.model());
    RecipeChoice recipe = RecipeFinder.choose(given, files);
    if (given.find(Settings.CACHE).isPresent()) {
      recipe = CacheFinder.filled(recipe, files.model(), CacheFinder.type(files.transformer()));
    }
    return new ChosenSettings(
        files, chosen(given, recipe.settings(), files, wishes, err), recipe.notes());
  }

  /** What was given or comes from a sampling recipe, and what the machine chooses beside. */
  private static SettingValues chosen(
      SettingValues given,
      SettingValues withRecipe,
      ModelFiles files,
      WishFlags wishes,
      PrintWriter err)
      throws IOException {
    if (!AutoChoice.isWanted(wishes, given, files.model())) {
      return withRecipe;
    }
    Machine machine = Machine.here(given.compute());
    try (OpenModel model = OpenModel.open(files)) {
      return new AutoChoice(machine, wishes, withRecipe, err).among(model).settings(withRecipe);
    }
  }
}
