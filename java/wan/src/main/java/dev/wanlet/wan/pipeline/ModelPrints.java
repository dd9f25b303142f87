// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.files.Sha256;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.WeightSamples;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What a run's model files can be told from others by, as clips and saved runs carry it beside the
 * settings: a file of the same name may hold another model by the time a run goes on. Stateless.
 */
final class ModelPrints {
  private static final String KEY = "model-samples-sha256";

  private ModelPrints() {}

  /** One for each file of the model, in the order of {@link OpenModel#sources}. */
  static List<String> of(OpenModel model) {
    List<String> prints = new ArrayList<>();
    for (WeightSource source : model.sources()) {
      MessageDigest digest = Sha256.digest();
      WeightSamples.addSome(digest, source);
      prints.add(HexFormat.of().formatHex(digest.digest()));
    }
    return prints;
  }

  /** The settings with them. */
  static VideoMetadata add(VideoMetadata settings, List<String> prints) {
    return settings.withProvenance(KEY, prints);
  }

  /** Whether a run was started with them noted, which earlier versions did not. */
  static boolean isIn(VideoMetadata saved) {
    return saved.provenance().containsKey(KEY);
  }

  /**
   * Refuses to go on with other weights.
   *
   * @param saved of the run as it was started
   * @throws WeightFormatException naming a file that has changed
   */
  static void requireSame(VideoMetadata saved, List<String> now, OpenModel model)
      throws WeightFormatException {
    if (!(saved.provenance().get(KEY) instanceof List<?> before)) {
      return;
    }
    for (int i = 0; i < now.size(); i++) {
      if (i >= before.size() || !before.get(i).equals(now.get(i))) {
        throw new WeightFormatException(
            model.sources().get(i).files().get(0),
            "these weights are not those that the run was started with; bring the file back");
      }
    }
  }
}
