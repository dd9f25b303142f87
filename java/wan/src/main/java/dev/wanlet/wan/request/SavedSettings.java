// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.weights.WeightFormatException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The settings of a run as clips and saved runs carry them: {@link #store} writes them, {@link
 * #request} makes the same clip of them. Immutable.
 *
 * @param file where they come from, for messages
 * @param stored names and values of settings
 * @param table the settings there are
 */
public record SavedSettings(Path file, VideoMetadata stored, SettingTable table) {
  /** The settings of a file, read with {@link Settings#TABLE}. */
  public SavedSettings(Path file, VideoMetadata stored) {
    this(file, stored, Settings.TABLE);
  }

  /** Every setting that shapes the clip, under its name, in the order of the table. */
  public static VideoMetadata store(GenerationRequest request, ModelFiles files) {
    VideoMetadata.Builder metadata = VideoMetadata.builder();
    for (Setting<?> setting : request.table().settings()) {
      if (setting.scope().isStored()) {
        store(metadata, setting, request, files);
      }
    }
    return metadata.putProvenance("model", files.model().id()).build();
  }

  private static <T> void store(
      VideoMetadata.Builder metadata,
      Setting<T> setting,
      GenerationRequest request,
      ModelFiles files) {
    Optional<T> value =
        setting.part().isPresent()
            ? usedFile(setting.part().get(), files).map(setting.type().javaType()::cast)
            : request.find(setting);
    metadata.put(setting.name(), value.map(setting.type().storedForm()).orElse(null));
  }

  /** The demo model's own files are found without being named, wherever the program lies. */
  private static Optional<Path> usedFile(ModelPart part, ModelFiles files) {
    return files.fromDemo().contains(part) ? Optional.empty() : files.file(part);
  }

  /**
   * What a clip carries of what {@link #store} and the run put together. Where files lie is
   * nobody's business who is sent the clip, and of no use to them: their names stay, and the sums
   * beside them. A saved run keeps it all.
   *
   * @param stored settings and what is known beside them
   */
  public static VideoMetadata told(VideoMetadata stored) {
    VideoMetadata.Builder told = VideoMetadata.builder();
    stored
        .settings()
        .forEach(
            (name, value) ->
                told.put(name, fileSetting(name).map(s -> told(s, value)).orElse(value)));
    stored.provenance().forEach(told::putProvenance);
    return told.build();
  }

  private static Optional<Setting<?>> fileSetting(String name) {
    return Settings.TABLE.settings().stream()
        .filter(setting -> setting.name().equals(name) && setting.type().namesFiles())
        .findFirst();
  }

  private static <T> Object told(Setting<T> setting, Object stored) {
    T value = setting.type().restored(stored);
    return value == null ? stored : setting.type().toldForm().apply(value);
  }

  /**
   * The model whose files the run used; those of the demo model are not stored.
   *
   * @throws WeightFormatException if the name of a file is damaged
   */
  public ModelSelection model() throws WeightFormatException {
    SettingValues files = SettingValues.NONE;
    for (Setting<?> setting : table.settings()) {
      if (setting.scope() == Setting.Scope.MODEL_FILE) {
        files = restored(files, setting);
      }
    }
    return restored(restored(files, Settings.INIT_IMG), Settings.STRENGTH).model();
  }

  /**
   * Checks what the user gives on resuming the run: nothing may change the clip.
   *
   * @throws RequestException if a value is not the stored one
   * @throws WeightFormatException if the stored one is damaged
   */
  public void requireSame(SettingValues given) throws WeightFormatException {
    for (Setting<?> setting : table.settings()) {
      if (setting.scope().isStored()
          && given.find(setting).isPresent()
          && !given.find(setting).equals(value(setting))) {
        String was = stored.setting(setting.name()).map(v -> "with " + v).orElse("without it");
        throw new RequestException(
            setting.option()
                + " would change the clip: the run was started "
                + was
                + "; leave it out");
      }
    }
  }

  /**
   * The run's request.
   *
   * @param compute where to go on
   * @param output where the clip goes
   * @throws WeightFormatException if a setting is missing or damaged
   * @throws RequestException if the settings cannot be, such as a size the model does not take
   * @throws dev.wanlet.wan.media.OutputException if the output cannot be written
   */
  public GenerationRequest request(ModelDefaults model, SettingValues compute, Path output)
      throws WeightFormatException {
    SettingValues values = compute;
    for (Setting<?> setting : table.settings()) {
      if (setting.isAlwaysStored(model) && stored.setting(setting.name()).isEmpty()) {
        throw new WeightFormatException(
            file, "damaged saved run: it lacks the setting '" + setting.name() + "'");
      }
      if (setting.scope().isStored()) {
        values = restored(values, setting);
      }
    }
    return new GenerationRequest.Builder(table).set(values).output(output).build(model);
  }

  /**
   * The stored values of some settings.
   *
   * @throws WeightFormatException if one is damaged
   */
  public SettingValues values(Predicate<Setting<?>> wanted) throws WeightFormatException {
    SettingValues values = SettingValues.NONE;
    for (Setting<?> setting : table.settings()) {
      if (setting.scope().isStored() && wanted.test(setting)) {
        values = restored(values, setting);
      }
    }
    return values;
  }

  private <T> SettingValues restored(SettingValues values, Setting<T> setting)
      throws WeightFormatException {
    return values.with(setting, value(setting).orElse(null));
  }

  private <T> Optional<T> value(Setting<T> setting) throws WeightFormatException {
    Optional<Object> value = stored.setting(setting.name());
    try {
      return value.map(setting.type()::restored);
    } catch (IllegalArgumentException e) {
      throw new WeightFormatException(
          file,
          "damaged saved run: setting '" + setting.name() + "' is '" + value.orElseThrow() + "'",
          e);
    }
  }
}
