// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Settings in the order in which clips store them. Immutable.
 *
 * @param settings no flag may belong to two of them
 */
public record SettingTable(List<Setting<?>> settings) {
  public SettingTable {
    settings = List.copyOf(settings);
    Set<String> flags = new HashSet<>();
    for (Setting<?> setting : settings) {
      for (String flag : setting.flags()) {
        if (!flags.add(flag)) {
          throw new IllegalArgumentException("two settings have the flag " + flag);
        }
      }
    }
  }

  /** This table with one more setting at its end. */
  public SettingTable with(Setting<?> setting) {
    List<Setting<?>> more = new ArrayList<>(settings);
    more.add(setting);
    return new SettingTable(more);
  }

  /** The settings of a section in the order of the help. */
  public List<Setting<?>> listed(Setting.Section section) {
    List<Setting<?>> listed = new ArrayList<>();
    List<Setting<?>> moved = new ArrayList<>();
    for (Setting<?> setting : settings) {
      if (setting.section() == section) {
        (setting.listedAfter().isPresent() ? moved : listed).add(setting);
      }
    }
    for (Setting<?> setting : moved) {
      listed.add(1 + place(listed, setting.listedAfter().orElseThrow()), setting);
    }
    return listed;
  }

  private static int place(List<Setting<?>> listed, String name) {
    int place = listed.stream().map(Setting::name).toList().indexOf(name);
    if (place < 0) {
      throw new IllegalArgumentException("the section has no setting '" + name + "'");
    }
    return place;
  }
}
