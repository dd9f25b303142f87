// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.SigmaList;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.AdapterScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The settings of a run with those of its sampling recipe filled in: the one the user named, else
 * the one that the model's files show. Immutable.
 *
 * @param settings what the user gave, and the recipe's values where the user gave none
 * @param notes what the user should know: which recipe, why, and where the user's own values win
 */
public record RecipeChoice(SettingValues settings, List<String> notes) {
  /** The name that stands for no recipe at all. */
  public static final String NONE = "none";

  /**
   * Settings that all say which noise levels there are; one from the user replaces them together.
   */
  private static final List<Setting<?>> LEVELS =
      List.of(Settings.SIGMAS, Settings.STEPS, Settings.FLOW_SHIFT, Settings.SCHEDULER);

  /** A list of noise levels brings its number of steps along. */
  public RecipeChoice {
    notes = List.copyOf(notes);
    Optional<SigmaList> levels = settings.find(Settings.SIGMAS);
    if (levels.isPresent() && settings.find(Settings.STEPS).isEmpty()) {
      settings = settings.with(Settings.STEPS, levels.get().steps());
    }
  }

  /**
   * Chooses and fills in.
   *
   * @param given what the user gave
   * @param model what will run
   * @param signs what its files show
   * @param atHand adapters that need not be given
   * @throws RequestException if there is no recipe of the name, or it is refused, not for the
   *     model, or needs adapters that were not given or cannot be used so; or if the files show
   *     several
   */
  public static RecipeChoice of(
      RecipeBook book,
      SettingValues given,
      ModelDefaults model,
      ModelSigns signs,
      List<Path> atHand) {
    String named = given.find(Settings.RECIPE).orElse("");
    if (named.equalsIgnoreCase(NONE)) {
      return new RecipeChoice(given, List.of());
    }
    if (!named.isBlank()) {
      SamplingRecipe recipe = book.require(named);
      requireUsable(recipe, model, "");
      return filled(recipe, given, signs, atHand, List.of());
    }
    return shown(book, model, signs)
        .map(shown -> recognised(shown, given, model, signs, atHand))
        .orElseGet(() -> new RecipeChoice(given, List.of()));
  }

  /** A recipe that the files show, and why. */
  private record Shown(SamplingRecipe recipe, String why) {}

  private static Optional<Shown> shown(RecipeBook book, ModelDefaults model, ModelSigns signs) {
    List<Shown> shown = new ArrayList<>();
    for (SamplingRecipe recipe : book.recipes()) {
      if (recipe.isFor(model.id())) {
        recipe
            .signs()
            .transformerShows(signs)
            .or(() -> recipe.signs().adapterShows(signs))
            .ifPresent(why -> shown.add(new Shown(recipe, why)));
      }
    }
    Optional<Shown> refused =
        shown.stream().filter(s -> s.recipe().refusal().isPresent()).findFirst();
    if (refused.isPresent() || shown.size() < 2) {
      return refused.isPresent() ? refused : shown.stream().findFirst();
    }
    throw new RequestException(
        shown.stream()
                .map(s -> "'" + s.recipe().name() + "' (" + s.why() + ")")
                .collect(
                    Collectors.joining(
                        ", ", "the model's files show several sampling recipes: ", ""))
            + "; name one, or "
            + NONE
            + ", with "
            + Settings.RECIPE.option());
  }

  private static RecipeChoice recognised(
      Shown shown, SettingValues given, ModelDefaults model, ModelSigns signs, List<Path> atHand) {
    SamplingRecipe recipe = shown.recipe();
    requireUsable(
        recipe,
        model,
        " ("
            + shown.why()
            + "); if the name misleads, say "
            + Settings.RECIPE.option()
            + " "
            + NONE);
    String note =
        String.format(
            "sampling recipe '%s', because %s: %s; %s %s would leave it out",
            recipe.name(), shown.why(), recipe.summary(), Settings.RECIPE.option(), NONE);
    return filled(recipe, given, signs, atHand, List.of(note));
  }

  private static void requireUsable(SamplingRecipe recipe, ModelDefaults model, String advice) {
    if (recipe.refusal().isPresent()) {
      throw new RequestException(
          "'"
              + recipe.name()
              + "' ("
              + recipe.title()
              + ") does not run here: "
              + recipe.refusal().get()
              + advice);
    }
    if (!recipe.isFor(model.id())) {
      throw new RequestException(
          "sampling recipe '"
              + recipe.name()
              + "' is for "
              + String.join(", ", recipe.models())
              + ", and this model is "
              + model.id()
              + "; give its settings one by one if you mean it: "
              + recipe.summary());
    }
  }

  /**
   * The adapters of a run with those that the recipe needs; a transformer that shows the recipe
   * itself has them inside.
   */
  private static List<AdapterFile> adapters(
      SamplingRecipe recipe,
      SettingValues given,
      ModelSigns signs,
      List<Path> atHand,
      List<String> notes) {
    List<AdapterFile> all =
        new ArrayList<>(given.find(Settings.LORA).map(AdapterList::files).orElse(List.of()));
    if (recipe.signs().transformerShows(signs).isPresent()) {
      return all;
    }
    for (AdapterNeed need : recipe.adapters()) {
      Optional<Path> file = signs.adapters().stream().filter(need::fits).findFirst();
      Optional<Path> other = atHand.stream().filter(need::fits).findFirst();
      if (file.isEmpty() && other.isPresent()) {
        all.add(new AdapterFile(other.get(), need.strength(), need.scope()));
        notes.add(
            String.format(
                "sampling recipe '%s' brings its adapter %s", recipe.name(), other.get()));
      } else if (file.isEmpty()) {
        throw new RequestException(
            String.format(
                "sampling recipe '%s' needs the adapter %s, which was not given; give it, or a"
                    + " transformer that it was merged into",
                recipe.name(), need));
      } else {
        tellStrength(recipe, need, file.get(), all, notes);
        place(recipe, need, file.get(), all, notes);
      }
    }
    return all;
  }

  private static void tellStrength(
      SamplingRecipe recipe,
      AdapterNeed need,
      Path file,
      List<AdapterFile> all,
      List<String> notes) {
    all.stream()
        .filter(a -> a.file().equals(file) && a.strength() != need.strength())
        .forEach(
            a ->
                notes.add(
                    String.format(
                        "the strength %s of %s goes before the sampling recipe '%s', which has %s",
                        a.strength(), file, recipe.name(), need.strength())));
  }

  /** An adapter of which the user said nothing goes where the recipe has it. */
  private static void place(
      SamplingRecipe recipe,
      AdapterNeed need,
      Path file,
      List<AdapterFile> all,
      List<String> notes) {
    for (int i = 0; i < all.size(); i++) {
      AdapterFile adapter = all.get(i);
      if (adapter.file().equals(file) && !adapter.scope().equals(need.scope())) {
        boolean open = adapter.scope().equals(AdapterScope.WHOLE);
        all.set(i, open ? adapter.with(need.scope()) : adapter);
        notes.add(
            String.format(
                open
                    ? "sampling recipe '%s' adds %s as %s"
                    : "where you add %2$s goes before the sampling recipe '%1$s', which has it as"
                        + " %3$s",
                recipe.name(),
                file,
                need));
      }
    }
  }

  private static RecipeChoice filled(
      SamplingRecipe recipe,
      SettingValues given,
      ModelSigns signs,
      List<Path> atHand,
      List<String> why) {
    List<String> notes = new ArrayList<>(why);
    List<AdapterFile> adapters = adapters(recipe, given, signs, atHand, notes);
    SettingValues filled = recipe.settings();
    if (LEVELS.stream().anyMatch(s -> given.find(s).isPresent())) {
      boolean list = given.find(Settings.SIGMAS).isPresent();
      for (Setting<?> setting : list ? LEVELS : List.<Setting<?>>of(Settings.SIGMAS)) {
        filled = without(filled, setting, recipe, given, notes);
      }
    }
    if (given.find(Settings.GUIDANCE_SCALE).isPresent()
        && given.find(Settings.HIGH_NOISE_GUIDANCE_SCALE).isEmpty()) {
      filled = without(filled, Settings.HIGH_NOISE_GUIDANCE_SCALE, recipe, given, notes);
    }
    for (Setting<?> setting : Settings.TABLE.listed(Setting.Section.SAMPLING)) {
      if (given.find(setting).isPresent()) {
        filled = without(filled, setting, recipe, given, notes);
      }
    }
    SettingValues all =
        filled
            .with(given)
            .with(Settings.LORA, adapters.isEmpty() ? null : new AdapterList(adapters))
            .with(Settings.RECIPE, recipe.name());
    return new RecipeChoice(all, notes);
  }

  /**
   * Takes a value of the recipe back, and tells what it would have been if that is something else.
   */
  private static <T> SettingValues without(
      SettingValues values,
      Setting<T> setting,
      SamplingRecipe recipe,
      SettingValues given,
      List<String> notes) {
    Optional<T> own = values.find(setting);
    if (own.isPresent() && !own.equals(given.find(setting))) {
      notes.add(
          String.format(
              "your own %s goes before the sampling recipe '%s', which has %s %s",
              yours(setting, given),
              recipe.name(),
              setting.option(),
              setting.type().storedForm().apply(own.get())));
    }
    return values.with(setting, null);
  }

  private static <T> String yours(Setting<T> setting, SettingValues given) {
    Optional<T> value = given.find(setting);
    if (value.isPresent()) {
      return setting.option() + " " + setting.type().storedForm().apply(value.get());
    }
    List<Setting<?>> instead = LEVELS.contains(setting) ? LEVELS : List.of(Settings.GUIDANCE_SCALE);
    return instead.stream()
        .filter(s -> given.find(s).isPresent())
        .map(s -> yours(s, given))
        .collect(Collectors.joining(" "));
  }
}
