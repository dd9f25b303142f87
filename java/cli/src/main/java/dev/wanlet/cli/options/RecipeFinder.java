// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.profiles.recipes.ModelSigns;
import dev.wanlet.profiles.recipes.RecipeBook;
import dev.wanlet.profiles.recipes.RecipeChoice;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Finds the sampling recipe that flags name or a model's files show. Stateless. */
public final class RecipeFinder {
  private RecipeFinder() {}

  /**
   * Chooses among the recipes that come along and the user's own; the demo model brings an adapter.
   *
   * @throws dev.wanlet.wan.catalog.RequestException as {@link RecipeChoice#of}
   * @throws IOException if a recipe of the user's cannot be read
   */
  public static RecipeChoice choose(SettingValues given, ModelDefaults model, ModelSigns signs)
      throws IOException {
    List<Path> atHand =
        model.id().equals(ModelCatalog.DEMO) ? List.of(DemoModel.fourStepAdapter()) : List.of();
    return RecipeChoice.of(RecipeBook.with(RecipeBook.userFolder()), given, model, signs, atHand);
  }

  /** The files of the adapters that were given. */
  public static List<Path> adapters(SettingValues given) {
    return given.find(Settings.LORA).map(AdapterList::files).orElse(List.of()).stream()
        .map(AdapterFile::file)
        .toList();
  }
}
