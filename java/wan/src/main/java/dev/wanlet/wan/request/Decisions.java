// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.ModelDefaults;
import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * Decides settings for one model: what the user gave, else the default, checked. A setting is
 * decided when it is first asked for, by a default or check of another one too. Confined to one
 * thread.
 */
public final class Decisions {
  private final ModelDefaults model;
  private final SettingValues given;
  private final Map<Setting<?>, Optional<?>> decided = new HashMap<>();

  Decisions(ModelDefaults model, SettingValues given) {
    this.model = model;
    this.given = given;
  }

  /** The model with its recommended settings. */
  public ModelDefaults model() {
    return model;
  }

  /** What the user gave, neither checked nor completed. */
  public <T> Optional<T> given(Setting<T> setting) {
    return given.find(setting);
  }

  /**
   * The value of a setting; empty for an optional one that was not given, or one that does not
   * apply to the model.
   *
   * @throws dev.wanlet.wan.catalog.RequestException if it cannot be
   */
  public <T> Optional<T> find(Setting<T> setting) {
    Optional<?> value = decided.get(setting);
    if (value == null) {
      value = setting.decide(this);
      decided.put(setting, value);
    }
    return value.map(setting.type().javaType()::cast);
  }

  /**
   * As {@link #find}, of a setting with a default.
   *
   * @throws NoSuchElementException if it has no value
   */
  public <T> T get(Setting<T> setting) {
    return find(setting)
        .orElseThrow(() -> new NoSuchElementException("no value of '" + setting.name() + "'"));
  }

  /** Whether a picture or video is to be made over. */
  boolean makesOver() {
    return StartRules.isGiven(given);
  }

  RequestRules rules() {
    return new RequestRules(model);
  }

  /** All values of a table; of shorthands and files of the model those that were given. */
  SettingValues all(SettingTable table) {
    SettingValues all = given;
    for (Setting<?> setting : table.settings()) {
      all = with(all, setting);
    }
    return all;
  }

  private <T> SettingValues with(SettingValues values, Setting<T> setting) {
    return values.with(setting, find(setting).orElse(null));
  }
}
