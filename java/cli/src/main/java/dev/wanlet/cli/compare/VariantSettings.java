// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.generate.ClipMaker;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of a variant, chosen once for all of its prompts and seeds. They are kept, so that a
 * later call goes on with the same ones whatever memory is free by then. Stateless.
 */
final class VariantSettings {
  private VariantSettings() {}

  /**
   * The settings that an earlier call chose, or new ones.
   *
   * @param file where they are kept
   * @param key all that they are chosen by
   * @param err hears of the choice
   */
  static SettingValues of(
      Variant variant, SettingValues given, Path file, String key, PrintWriter err)
      throws IOException {
    Optional<SettingValues> kept = KeptFacts.read(file, key).flatMap(VariantSettings::restored);
    if (kept.isPresent()) {
      err.println("wanlet: " + variant.name() + ": its settings are kept as they were chosen");
      return kept.get();
    }
    SettingValues chosen =
        ClipMaker.choose(given.with(Settings.RECIPE, variant.recipe()), variant.profile(), err);
    KeptFacts.write(file, key, stored(chosen));
    return chosen;
  }

  private static Map<String, Object> stored(SettingValues values) {
    Map<String, Object> stored = new LinkedHashMap<>();
    for (Setting<?> setting : Settings.TABLE.settings()) {
      stored(values, setting).ifPresent(value -> stored.put(setting.name(), value));
    }
    return stored;
  }

  private static <T> Optional<Object> stored(SettingValues values, Setting<T> setting) {
    return values.find(setting).map(setting.type().storedForm());
  }

  /** Empty if a value cannot be read: somebody wrote into the file. */
  private static Optional<SettingValues> restored(Map<String, Object> stored) {
    SettingValues values = SettingValues.NONE;
    try {
      for (Setting<?> setting : Settings.TABLE.settings()) {
        values = restored(values, setting, stored.get(setting.name()));
      }
      return Optional.of(values);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static <T> SettingValues restored(
      SettingValues values, Setting<T> setting, Object stored) {
    return stored == null ? values : values.with(setting, setting.type().restored(stored));
  }
}
