// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.profiles.recipes.ModelSigns;
import dev.wanlet.profiles.recipes.RecipeBook;
import dev.wanlet.profiles.recipes.RecipeChoice;
import dev.wanlet.profiles.recipes.SamplingRecipe;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Finds the sampling recipe that flags name or a model's files show. Stateless. */
public final class RecipeFinder {
  private RecipeFinder() {}

  /**
   * Chooses among the recipes that come along and the user's own; the demo model brings an adapter.
   *
   * @throws RequestException as {@link RecipeChoice#of}
   * @throws IOException if a recipe of the user's cannot be read
   */
  public static RecipeChoice choose(SettingValues given, ModelDefaults model, ModelSigns signs)
      throws IOException {
    return RecipeChoice.of(
        RecipeBook.with(RecipeBook.userFolder()), given, model, signs, ownAdapters(model));
  }

  /** As the other form, by what the files of a model show. */
  public static RecipeChoice choose(SettingValues given, ModelFiles files) throws IOException {
    return choose(given, files.model(), ModelSigns.of(files.transformers(), adapters(given)));
  }

  /**
   * The recipe of a name, if it is there still.
   *
   * @throws IOException if a recipe of the user's cannot be read
   */
  public static Optional<SamplingRecipe> find(String name) throws IOException {
    return RecipeBook.with(RecipeBook.userFolder()).recipes().stream()
        .filter(recipe -> recipe.name().equalsIgnoreCase(name))
        .findFirst();
  }

  private static List<Path> ownAdapters(ModelDefaults model) throws IOException {
    return model.id().equals(ModelCatalog.DEMO) ? List.of(DemoModel.fourStepAdapter()) : List.of();
  }

  /**
   * Settings of a clip without the adapters that their recipe brings along, as it did when the clip
   * was made.
   *
   * @param model id of the clip's model
   * @throws IOException if a recipe of the user's, or the demo model, cannot be read
   */
  static SettingValues withoutOwnAdapters(SettingValues given, String model) throws IOException {
    Optional<String> name = given.find(Settings.RECIPE);
    if (name.isEmpty() || !model.equals(ModelCatalog.DEMO)) {
      return given;
    }
    Optional<SamplingRecipe> recipe = find(name.get());
    Path own = DemoModel.fourStepAdapter().getFileName();
    List<AdapterFile> others =
        AdapterList.of(given).stream()
            .filter(a -> !own.equals(a.file().getFileName()) || !isMeant(a, recipe))
            .toList();
    return given.with(Settings.LORA, others.isEmpty() ? null : new AdapterList(others));
  }

  /** Whether the recipe adds the adapter just so. */
  private static boolean isMeant(AdapterFile adapter, Optional<SamplingRecipe> recipe) {
    return recipe.stream()
        .flatMap(r -> r.adapters().stream())
        .anyMatch(
            need ->
                need.fits(adapter.file())
                    && need.strength() == adapter.strength()
                    && need.scope().equals(adapter.scope()));
  }

  /** Whether the user left open how to sample, and gave no adapter. */
  static boolean samplingIsOpen(SettingValues given) {
    return given.find(Settings.LORA).isEmpty()
        && Settings.TABLE.listed(Setting.Section.SAMPLING).stream()
            .allMatch(s -> given.find(s).isEmpty());
  }

  /**
   * The recipes that a model may be sampled by because their adapters are there: brought along, or
   * beside the model's files or in a folder {@code loras} there. None where a recipe or a way to
   * sample was given.
   *
   * @throws IOException if a recipe of the user's cannot be read
   */
  public static List<RecipeChoice> atHand(SettingValues given, OpenModel model) throws IOException {
    if (!samplingIsOpen(given)) {
      return List.of();
    }
    List<Path> adapters = new ArrayList<>(ownAdapters(model.defaults()));
    model.transformers().forEach(t -> adapters.addAll(beside(t.files().get(0))));
    RecipeBook book = RecipeBook.with(RecipeBook.userFolder());
    ModelSigns signs = ModelSigns.ofOpen(model.transformers(), List.of());
    List<RecipeChoice> choices = new ArrayList<>();
    for (SamplingRecipe recipe : book.recipes()) {
      boolean fits = recipe.refusal().isEmpty() && recipe.isFor(model.defaults().id());
      if (fits && !recipe.adapters().isEmpty()) {
        try {
          choices.add(
              RecipeChoice.of(
                  book,
                  given.with(Settings.RECIPE, recipe.name()),
                  model.defaults(),
                  signs,
                  adapters));
        } catch (RequestException e) {
          // its adapters are not there
        }
      }
    }
    return choices;
  }

  private static List<Path> beside(Path file) {
    List<Path> found = new ArrayList<>();
    Path folder = file.toAbsolutePath().getParent();
    for (Path place : List.of(folder, folder.resolve("loras"))) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(place, "*.safetensors")) {
        files.forEach(found::add);
      } catch (IOException | DirectoryIteratorException e) {
        // no such folder, or one that may not be looked into: nothing is at hand there
      }
    }
    Collections.sort(found);
    return found;
  }

  /** The files of the adapters that were given. */
  public static List<Path> adapters(SettingValues given) {
    return given.find(Settings.LORA).map(AdapterList::files).orElse(List.of()).stream()
        .map(AdapterFile::file)
        .toList();
  }
}
