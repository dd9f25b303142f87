// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.files.Sha256;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.request.PictureSettings;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The sums of a run's pictures, as clips and saved runs carry them beside the settings: a file of
 * the same name may hold another picture by the time a run goes on. Stateless.
 */
final class PictureHashes {
  private static final String KEY = "picture-sha256";

  private PictureHashes() {}

  /**
   * The settings with the sums, the first picture's before the last's.
   *
   * @throws IOException if a file cannot be read
   */
  static VideoMetadata add(VideoMetadata settings, PictureSettings pictures) throws IOException {
    List<String> sums = new ArrayList<>();
    for (Path file : pictures.files()) {
      sums.add(Sha256.of(file));
    }
    return sums.isEmpty() ? settings : settings.withProvenance(KEY, sums);
  }

  /**
   * The settings with the sums of the pictures that a run was started with, which it goes on with
   * whatever has become of the files.
   *
   * @param saved of the run as it was started
   * @param notes hears of files that are gone or hold another picture
   * @throws IOException if a file that is there cannot be read
   */
  static VideoMetadata kept(
      VideoMetadata settings, VideoMetadata saved, PictureSettings pictures, Consumer<String> notes)
      throws IOException {
    if (!(saved.provenance().get(KEY) instanceof List<?> sums)) {
      return settings;
    }
    for (int i = 0; i < Math.min(sums.size(), pictures.files().size()); i++) {
      Path file = pictures.files().get(i);
      boolean gone = !Files.exists(file);
      if (gone || !Sha256.of(file).equals(sums.get(i))) {
        notes.accept(
            Printable.text(file)
                + (gone ? " is gone" : " holds another picture now")
                + "; the run goes on with what it saved of the one it was started with");
      }
    }
    return settings.withProvenance(KEY, sums);
  }

  /**
   * Refuses to go on with other pictures.
   *
   * @param saved of the run as it was started
   * @param now with the sums of the files as they are
   * @throws WeightFormatException naming a picture that has changed
   */
  static void requireSame(VideoMetadata saved, VideoMetadata now, PictureSettings pictures)
      throws WeightFormatException {
    if (saved.provenance().get(KEY) instanceof List<?> before
        && now.provenance().get(KEY) instanceof List<?> after) {
      for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
        if (!before.get(i).equals(after.get(i))) {
          throw new WeightFormatException(
              pictures.files().get(i),
              "this picture is not the one that the run was started with (SHA-256 "
                  + after.get(i)
                  + ", not "
                  + before.get(i)
                  + "); bring the file back");
        }
      }
    }
  }
}
