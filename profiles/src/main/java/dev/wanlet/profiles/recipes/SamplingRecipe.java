// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A named way to sample, or a name that this version refuses. Immutable.
 *
 * @param name what it is called
 * @param title what it is, for people
 * @param source who published it, where
 * @param notes what else to know; may be empty
 * @param models ids of the models it is for
 * @param settings what it gives values to: settings of {@link Setting.Section#SAMPLING}
 * @param adapters what the settings belong to, unless the transformer shows that it needs them
 *     itself
 * @param refusal why this version cannot do it; empty if it can
 * @param signs how a model is known to need it
 */
public record SamplingRecipe(
    String name,
    String title,
    String source,
    String notes,
    List<String> models,
    SettingValues settings,
    List<AdapterNeed> adapters,
    Optional<String> refusal,
    RecipeSigns signs) {

  public SamplingRecipe {
    models = List.copyOf(models);
    adapters = List.copyOf(adapters);
  }

  /** Whether an adapter of this name is one that it needs. */
  public boolean brings(Path adapter) {
    return adapters.stream().anyMatch(need -> need.fits(adapter));
  }

  /** Whether it is for a model of this id. */
  public boolean isFor(String model) {
    return models.isEmpty() || models.contains(model);
  }

  /** Its values by the names of settings, as they are stored in clips, in the order of the help. */
  public Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Setting<?> setting : Settings.TABLE.listed(Setting.Section.SAMPLING)) {
      stored(setting).ifPresent(value -> values.put(setting.name(), value));
    }
    return values;
  }

  private <T> Optional<Object> stored(Setting<T> setting) {
    return settings.find(setting).map(setting.type().storedForm());
  }

  /** Its values in a line. */
  public String summary() {
    return values().entrySet().stream()
        .map(e -> e.getKey() + " " + e.getValue())
        .collect(Collectors.joining(", "));
  }
}
