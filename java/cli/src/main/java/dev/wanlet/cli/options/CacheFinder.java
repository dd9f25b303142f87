// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.profiles.caches.MeasuredCache;
import dev.wanlet.profiles.caches.MeasuredCaches;
import dev.wanlet.profiles.recipes.RecipeChoice;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.request.PictureSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.wan.sampling.cache.PublishedCaches;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Finds the table of a step cache that was measured for a run. Stateless. */
public final class CacheFinder {
  private CacheFinder() {}

  /**
   * The settings of a run with the table that was measured for its step cache, and a line that says
   * so; as they are if the cache needs none, was given one, or none was measured.
   *
   * @param type what the transformer's weights are stored as; see {@link #type}
   * @throws IOException if the user's tables cannot be read
   */
  public static RecipeChoice filled(RecipeChoice choice, ModelDefaults model, String type)
      throws IOException {
    SettingValues values = choice.settings();
    Optional<CacheKind> kind = values.find(Settings.CACHE).filter(CacheKind::keepsBlocks);
    if (kind.isEmpty() || values.find(Settings.CACHE_TABLE).isPresent()) {
      return choice;
    }
    Optional<MeasuredCache> measured =
        MeasuredCaches.ofUser()
            .find(kind.get(), model.id(), type, recipe(values), steps(values, model));
    if (measured.isEmpty()) {
      return choice;
    }
    List<String> notes = new ArrayList<>(choice.notes());
    notes.add(note(measured.get()));
    return new RecipeChoice(values.with(Settings.CACHE_TABLE, measured.get().table()), notes);
  }

  /**
   * The settings with the step cache whose saving is known before the run: MagCache, by the table
   * that was measured, else the published one. Empty if there is none for the model, of a clip that
   * is made over, whose first steps the table does not fit, or where the user says how to sample.
   *
   * @throws IOException if the user's tables cannot be read
   */
  public static Optional<SettingValues> predictable(SettingValues given, OpenModel model)
      throws IOException {
    String id = model.defaults().id();
    if (!RecipeFinder.samplingIsOpen(given) || PictureSettings.makesOver(given)) {
      return Optional.empty();
    }
    SettingValues cached = given.with(Settings.CACHE, CacheKind.MAG);
    SettingValues filled =
        filled(new RecipeChoice(cached, List.of()), model.defaults(), type(model.transformers()))
            .settings();
    boolean known =
        filled.find(Settings.CACHE_TABLE).isPresent()
            || PublishedCaches.find(CacheKind.MAG, id).isPresent();
    return known ? Optional.of(filled) : Optional.empty();
  }

  /** Name of the sampling recipe; empty for none. */
  public static String recipe(SettingValues values) {
    return values.find(Settings.RECIPE).filter(name -> !name.equalsIgnoreCase("none")).orElse("");
  }

  private static int steps(SettingValues values, ModelDefaults model) {
    return values.find(Settings.STEPS).orElse(model.steps());
  }

  private static String note(MeasuredCache measured) {
    return String.format(
        Locale.ROOT,
        "step cache %s goes by the table measured for %s (%s, %d steps)",
        measured.table().kind().id(),
        measured.model(),
        measured.type(),
        measured.steps());
  }

  /** What most bytes of the transformers are stored as, in lower case; empty without any. */
  public static String type(List<WeightSource> transformers) {
    Map<StoredType, Long> bytes = new EnumMap<>(StoredType.class);
    for (WeightSource source : transformers) {
      for (WeightTensor tensor : source.tensors()) {
        bytes.merge(tensor.type(), tensor.byteLength(), Long::sum);
      }
    }
    return bytes.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(e -> e.getKey().name().toLowerCase(Locale.ROOT))
        .orElse("");
  }

  /**
   * The same of a transformer's file.
   *
   * @throws IOException if it cannot be read
   */
  public static String type(Path transformer) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(transformer, ModelPart.TRANSFORMER::is)) {
      return type(List.of(checkpoint.source()));
    }
  }
}
