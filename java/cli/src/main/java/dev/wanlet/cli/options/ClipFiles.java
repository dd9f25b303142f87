// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.base.Printable;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.pipeline.InputHashes;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.FileList;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the files that a clip names. A clip tells their names alone; whole paths stand in those of
 * older versions. A file is looked for where it lay when the clip was made on this machine; one
 * whose sum the clip carries also beside the clip and in the working folder. Immutable.
 */
public final class ClipFiles {
  private final Path clip;
  private final VideoMetadata told;
  private final List<SavedSettings> records;

  private ClipFiles(Path clip, VideoMetadata told, List<SavedSettings> records) {
    this.clip = clip;
    this.told = told;
    this.records = List.copyOf(records);
  }

  /** The files of a clip, with what this machine remembers of it. */
  public static ClipFiles of(Path clip, VideoMetadata told) {
    return of(clip, told, ClipRecords.ofUser().map(r -> r.find(told)).orElse(List.of()));
  }

  /** As the other form, with the settings that clips of these were made with here. */
  static ClipFiles of(Path clip, VideoMetadata told, List<VideoMetadata> records) {
    return new ClipFiles(
        clip, told, records.stream().map(record -> new SavedSettings(clip, record)).toList());
  }

  /** Remembers where the files of a clip lie that was just made. */
  public static void remember(GenerationResult result, ModelFiles files) {
    ClipRecords.ofUser().ifPresent(records -> records.keep(result, files));
  }

  /**
   * Settings of the clip with each file where it lies.
   *
   * @param values may lack some, which are not looked for
   * @param except settings that stay as they are
   * @throws MediaException if a file is not found, or what is found is another one
   * @throws IOException if what is found cannot be read
   */
  public SettingValues located(SettingValues values, Set<Setting<?>> except) throws IOException {
    SettingValues located = values;
    for (Setting<?> setting : Settings.TABLE.settings()) {
      if (setting.type().namesFiles() && !except.contains(setting)) {
        located = located(located, setting);
      }
    }
    return located;
  }

  /** Whether the file of a setting is found, or there is none to be found. */
  public boolean has(SettingValues values, Setting<?> setting) throws IOException {
    try {
      located(values, setting);
      return true;
    } catch (MediaException e) {
      return false;
    }
  }

  private <T> SettingValues located(SettingValues values, Setting<T> setting) throws IOException {
    Optional<T> value = values.find(setting);
    return value.isEmpty() ? values : values.with(setting, located(setting, value.get()));
  }

  private <T> T located(Setting<T> setting, T value) throws IOException {
    Object found;
    if (value instanceof FileList list) {
      List<Path> files = new ArrayList<>();
      for (int i = 0; i < list.files().size(); i++) {
        files.add(place(setting, list.files().get(i), i));
      }
      found = new FileList(files);
    } else if (value instanceof AdapterList list) {
      List<AdapterFile> all = AdapterList.of(new SavedSettings(clip, told).values(setting::equals));
      List<AdapterFile> adapters = new ArrayList<>();
      for (AdapterFile adapter : list.files()) {
        adapters.add(adapter.at(place(setting, adapter.file(), all.indexOf(adapter))));
      }
      found = new AdapterList(adapters);
    } else {
      found = place(setting, (Path) value, 0);
    }
    return setting.type().javaType().cast(found);
  }

  /** Where the file lies that a setting names, the {@code index}-th of it. */
  private Path place(Setting<?> setting, Path named, int index) throws IOException {
    Path name = named.getFileName();
    if (name == null) {
      throw new MediaException(clip, "names no file but a folder: " + setting.name());
    }
    Set<Path> places = new LinkedHashSet<>();
    for (SavedSettings record : records) {
      List<Path> files = files(record, setting);
      if (index < files.size()) {
        places.add(files.get(index));
      }
    }
    if (named.isAbsolute()) {
      places.add(named);
    }
    Optional<String> sum = InputHashes.find(told, setting, index);
    if (sum.isPresent()) {
      places.add(clip.toAbsolutePath().resolveSibling(name));
      places.add(name.toAbsolutePath());
      if (setting == Settings.LORA && isDemoAdapter(name)) {
        places.add(DemoModel.fourStepAdapter());
      }
    }
    List<Path> there = places.stream().filter(ClipFiles::canBeRead).toList();
    if (sum.isPresent()) {
      for (Path place : there) {
        if (holds(place, sum.get())) {
          return place;
        }
      }
    } else if (there.size() == 1) {
      return there.get(0);
    }
    throw new MediaException(clip, "names " + Printable.name(name) + problem(setting, there, sum));
  }

  private static boolean isDemoAdapter(Path name) throws IOException {
    return name.equals(DemoModel.fourStepAdapter().getFileName());
  }

  /** A clip from elsewhere may name anything, a device too. */
  private static boolean canBeRead(Path place) {
    return (Files.isRegularFile(place) || Files.isDirectory(place)) && Files.isReadable(place);
  }

  private static String problem(Setting<?> setting, List<Path> there, Optional<String> sum) {
    String remedy =
        setting.scope() == Setting.Scope.MODEL_FILE
            ? "; give the model with " + Settings.MODEL.option()
            : "; give it with " + setting.option();
    if (there.isEmpty()) {
      String beside = sum.isPresent() ? "neither beside it nor " : "not ";
      return ", which is " + beside + "where a clip made here had it" + remedy;
    }
    if (sum.isPresent()) {
      return " (SHA-256 " + sum.get() + "), and " + names(there) + " is another file" + remedy;
    }
    return ", and such clips were made here with " + names(there) + remedy;
  }

  private static String names(List<Path> files) {
    return String.join(" and ", files.stream().map(Printable::text).toList());
  }

  private static boolean holds(Path place, String sum) throws IOException {
    if (!Files.isDirectory(place)) {
      return InputHashes.sum(place).equals(sum);
    }
    if (InputHashes.sum(place).equals(sum)) {
      return true; // a folder of pictures
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(place)) {
      for (Path file : files) {
        if (Files.isRegularFile(file) && InputHashes.sum(file).equals(sum)) {
          return true; // a folder with an adapter
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return false;
  }

  private static List<Path> files(SavedSettings record, Setting<?> setting)
      throws WeightFormatException {
    Object value = record.values(setting::equals).find(setting).orElse(null);
    if (value instanceof FileList list) {
      return list.files();
    }
    if (value instanceof AdapterList list) {
      return list.files().stream().map(AdapterFile::file).toList();
    }
    return value instanceof Path file ? List.of(file) : List.of();
  }

  /**
   * What the clip carries, with its files where they lie on this machine, as far as they are found,
   * and without adapters that come along with its recipe.
   *
   * @param missing hears of files that are not found, a sentence each
   */
  public VideoMetadata here(List<String> missing) throws IOException {
    VideoMetadata.Builder here = VideoMetadata.builder();
    for (var entry : told.settings().entrySet()) {
      here.put(entry.getKey(), here(entry.getKey(), entry.getValue(), missing));
    }
    told.provenance().forEach(here::putProvenance);
    return here.build();
  }

  private Object here(String name, Object value, List<String> missing) throws IOException {
    Optional<Setting<?>> setting =
        Settings.TABLE.settings().stream()
            .filter(s -> s.name().equals(name) && s.type().namesFiles())
            .findFirst();
    return setting.isPresent() ? here(setting.get(), value, missing) : value;
  }

  private <T> Object here(Setting<T> setting, Object value, List<String> missing)
      throws IOException {
    try {
      SettingValues own =
          new SavedSettings(clip, told).values(s -> s == setting || s == Settings.RECIPE);
      if (setting == Settings.LORA) {
        String model = String.valueOf(told.provenance().get("model"));
        own = RecipeFinder.withoutOwnAdapters(own, model);
      }
      Optional<T> named = own.find(setting);
      return named.isEmpty()
          ? null
          : setting.type().storedForm().apply(located(setting, named.get()));
    } catch (MediaException | WeightFormatException e) {
      missing.add(e.getMessage());
      return value;
    }
  }
}
