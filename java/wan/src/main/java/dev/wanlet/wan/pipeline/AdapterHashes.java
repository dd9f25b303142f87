// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The sums of a run's adapters, as clips and saved runs carry them beside the settings: a file of
 * the same name may hold another adapter by the time a run goes on. Stateless.
 */
final class AdapterHashes {
  static final String KEY = "lora-sha256";

  private AdapterHashes() {}

  /**
   * The settings with the sums, in the order of the adapters.
   *
   * @throws IOException if a file cannot be read
   */
  static VideoMetadata add(VideoMetadata settings, OpenAdapters adapters) throws IOException {
    if (adapters.files().isEmpty()) {
      return settings;
    }
    return settings.withProvenance(KEY, adapters.sums());
  }

  /**
   * Refuses to go on with other adapters.
   *
   * @param saved of the run as it was started
   * @param now with the sums of the files as they are
   * @throws WeightFormatException naming an adapter that has changed
   */
  static void requireSame(VideoMetadata saved, VideoMetadata now) throws WeightFormatException {
    Object before = saved.provenance().get(KEY);
    Object after = now.provenance().get(KEY);
    if (before instanceof List<?> sums && after instanceof List<?> found && !sums.equals(found)) {
      int changed = 0;
      while (changed < Math.min(sums.size(), found.size()) - 1
          && sums.get(changed).equals(found.get(changed))) {
        changed++;
      }
      List<?> files = (List<?>) now.setting("lora").orElse(List.of());
      throw new WeightFormatException(
          Path.of(files.get(changed).toString()),
          "this adapter is not the one that the run was started with (SHA-256 "
              + found.get(changed)
              + ", not "
              + sums.get(changed)
              + "); bring the file back");
    }
  }
}
