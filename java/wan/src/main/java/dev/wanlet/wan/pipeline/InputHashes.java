// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.files.Sha256;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The sums of what a run is made from beside its prompt, as clips and saved runs carry them beside
 * the settings: a file of the same name may hold something else by the time a run goes on.
 * Stateless.
 */
public final class InputHashes {
  /** In the order of {@link dev.wanlet.wan.request.PictureSettings#files}. */
  private static final List<Setting<?>> OF_PICTURES =
      List.of(Settings.INIT_IMG, Settings.END_IMG, Settings.INIT_VIDEO);

  /** In the order of {@link dev.wanlet.wan.request.ControlSettings#files}. */
  private static final List<Setting<?>> OF_CONTROL =
      List.of(Settings.CONTROL_VIDEO, Settings.EXTEND, Settings.CONTROL_MASK, Settings.REF_IMAGE);

  private static final String PICTURES = "picture-sha256";
  private static final String CONTROL = "control-sha256";

  private InputHashes() {}

  /**
   * The settings with the sums, in the order of the files.
   *
   * @throws IOException if a file cannot be read
   */
  static VideoMetadata add(VideoMetadata settings, GenerationRequest request) throws IOException {
    VideoMetadata more = add(settings, PICTURES, request.pictures().files());
    return add(more, CONTROL, request.control().files());
  }

  private static VideoMetadata add(VideoMetadata settings, String key, List<Path> files)
      throws IOException {
    List<String> sums = new ArrayList<>();
    for (Path file : files) {
      sums.add(sum(file));
    }
    return sums.isEmpty() ? settings : settings.withProvenance(key, sums);
  }

  /**
   * The sum that a clip carries of a file that one of its settings names.
   *
   * @param index of the file among those of the setting
   * @return empty where it carries none, as of model files
   */
  public static Optional<String> find(VideoMetadata clip, Setting<?> setting, int index) {
    if (setting == Settings.LORA) {
      return at(clip, AdapterHashes.KEY, index);
    }
    for (List<Setting<?>> group : List.of(OF_PICTURES, OF_CONTROL)) {
      if (group.contains(setting)) {
        int before =
            group.subList(0, group.indexOf(setting)).stream().mapToInt(s -> count(clip, s)).sum();
        return at(clip, group == OF_PICTURES ? PICTURES : CONTROL, before + index);
      }
    }
    return Optional.empty();
  }

  private static int count(VideoMetadata clip, Setting<?> setting) {
    return clip.setting(setting.name())
        .map(value -> value instanceof List<?> several ? several.size() : 1)
        .orElse(0);
  }

  private static Optional<String> at(VideoMetadata clip, String key, int index) {
    return clip.provenance().get(key) instanceof List<?> sums && index < sums.size()
        ? Optional.of(sums.get(index).toString())
        : Optional.empty();
  }

  /**
   * The sum of a file, or of a folder of pictures.
   *
   * @throws IOException if it cannot be read
   */
  public static String sum(Path file) throws IOException {
    return Files.isDirectory(file) ? ofFolder(file) : Sha256.of(file);
  }

  /** The sum of a list of the folder's files: a sum and a name a line, by name. */
  private static String ofFolder(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        boolean hidden = entry.getFileName().toString().startsWith(".");
        if (!hidden && Files.isRegularFile(entry)) {
          lines.add(entry.getFileName() + " " + Sha256.of(entry));
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    lines.sort(null);
    return Sha256.of(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The settings with the sums of the files that a run was started with, which it goes on with
   * whatever has become of them.
   *
   * @param saved of the run as it was started
   * @param notes hears of files that are gone or hold something else
   * @throws IOException if a file that is there cannot be read
   */
  static VideoMetadata kept(
      VideoMetadata settings,
      VideoMetadata saved,
      GenerationRequest request,
      Consumer<String> notes)
      throws IOException {
    VideoMetadata more = kept(settings, saved, PICTURES, request.pictures().files(), notes);
    return kept(more, saved, CONTROL, request.control().files(), notes);
  }

  private static VideoMetadata kept(
      VideoMetadata settings,
      VideoMetadata saved,
      String key,
      List<Path> files,
      Consumer<String> notes)
      throws IOException {
    if (!(saved.provenance().get(key) instanceof List<?> sums)) {
      return settings;
    }
    for (int i = 0; i < Math.min(sums.size(), files.size()); i++) {
      Path file = files.get(i);
      boolean gone = !Files.exists(file);
      if (gone || !sum(file).equals(sums.get(i))) {
        notes.accept(
            Printable.text(file)
                + (gone ? " is gone" : " has changed")
                + "; the run goes on with what it saved of the one it was started with");
      }
    }
    return settings.withProvenance(key, sums);
  }

  /**
   * Refuses to go on with other files.
   *
   * @param saved of the run as it was started
   * @param now with the sums of the files as they are
   * @throws WeightFormatException naming a file that has changed
   */
  static void requireSame(VideoMetadata saved, VideoMetadata now, GenerationRequest request)
      throws WeightFormatException {
    requireSame(saved, now, PICTURES, "picture", request.pictures().files());
    requireSame(saved, now, CONTROL, "file", request.control().files());
  }

  private static void requireSame(
      VideoMetadata saved, VideoMetadata now, String key, String what, List<Path> files)
      throws WeightFormatException {
    if (saved.provenance().get(key) instanceof List<?> before
        && now.provenance().get(key) instanceof List<?> after) {
      for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
        if (!before.get(i).equals(after.get(i))) {
          throw new WeightFormatException(
              files.get(i),
              "this "
                  + what
                  + " is not the one that the run was started with (SHA-256 "
                  + after.get(i)
                  + ", not "
                  + before.get(i)
                  + "); bring the file back");
        }
      }
    }
  }
}
