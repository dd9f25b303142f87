// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.weights.lora.AdapterFile;
import java.util.ArrayList;
import java.util.List;

/** The adapters of a run, in the order in which they are added. Immutable. */
public record AdapterList(List<AdapterFile> files) {
  /** How it is written: each adapter by itself. */
  static final SettingType<AdapterList> TYPE =
      new SettingType<>(
          AdapterList.class,
          text -> AdapterList.of(AdapterFile.parse(text)),
          list -> list.files().stream().map(AdapterFile::text).toList(),
          list -> list.files().stream().map(AdapterFile::textWithoutFolder).toList(),
          AdapterList::plus);

  public AdapterList {
    files = List.copyOf(files);
  }

  /** A list of some adapters. */
  public static AdapterList of(AdapterFile... files) {
    return new AdapterList(List.of(files));
  }

  /** The adapters among given settings, in their order; empty if there are none. */
  public static List<AdapterFile> of(SettingValues given) {
    return given.find(Settings.LORA).map(AdapterList::files).orElse(List.of());
  }

  private AdapterList plus(AdapterList more) {
    List<AdapterFile> all = new ArrayList<>(files);
    all.addAll(more.files);
    return new AdapterList(all);
  }
}
