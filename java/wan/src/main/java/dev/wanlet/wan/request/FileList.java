// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of a setting that may be given often, in their order. Immutable. */
public record FileList(List<Path> files) {
  /** How it is written: each file by itself. */
  static final SettingType<FileList> TYPE =
      new SettingType<>(
          FileList.class,
          text -> FileList.of(Path.of(text)),
          list -> list.files().stream().map(SettingType.FILE.storedForm()).toList(),
          list -> list.files().stream().map(SettingType.FILE.toldForm()).toList(),
          FileList::plus);

  public FileList {
    files = List.copyOf(files);
  }

  /** A list of some files. */
  public static FileList of(Path... files) {
    return new FileList(List.of(files));
  }

  private FileList plus(FileList more) {
    List<Path> all = new ArrayList<>(files);
    all.addAll(more.files);
    return new FileList(all);
  }
}
