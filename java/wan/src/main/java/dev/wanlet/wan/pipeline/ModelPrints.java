// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.files.Sha256;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.WeightSamples;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What a run's model files can be told from others by, as clips and saved runs carry it beside the
 * settings: a file of the same name may hold another model by the time a run goes on. Immutable.
 *
 * @param files of the model, transformers first
 * @param sums one for each file
 */
record ModelPrints(List<Path> files, List<String> sums) {
  private static final String KEY = "model-samples-sha256";

  ModelPrints {
    files = List.copyOf(files);
    sums = List.copyOf(sums);
  }

  /** Of a model's files; reads a few pages of each. */
  static ModelPrints of(OpenModel model) {
    List<Path> files = new ArrayList<>();
    List<String> sums = new ArrayList<>();
    for (WeightSource source : model.sources()) {
      MessageDigest digest = Sha256.digest();
      WeightSamples.addSome(digest, source);
      files.add(source.files().get(0));
      sums.add(HexFormat.of().formatHex(digest.digest()));
    }
    return new ModelPrints(files, sums);
  }

  /**
   * With a small file beside the model's, of which all is read.
   *
   * @throws IOException if it cannot be read
   */
  ModelPrints and(Path file) throws IOException {
    List<Path> moreFiles = new ArrayList<>(files);
    List<String> moreSums = new ArrayList<>(sums);
    moreFiles.add(file);
    moreSums.add(Sha256.of(file));
    return new ModelPrints(moreFiles, moreSums);
  }

  /** The settings with the sums. */
  VideoMetadata addTo(VideoMetadata settings) {
    return settings.withProvenance(KEY, sums);
  }

  /** Whether a run was started with sums, which earlier versions did not note. */
  static boolean areIn(VideoMetadata saved) {
    return saved.provenance().containsKey(KEY);
  }

  /**
   * Refuses to go on with other weights.
   *
   * @param saved of the run as it was started
   * @throws WeightFormatException naming a file that has changed
   */
  void requireSame(VideoMetadata saved) throws WeightFormatException {
    if (!(saved.provenance().get(KEY) instanceof List<?> before)) {
      return;
    }
    for (int i = 0; i < sums.size(); i++) {
      if (i >= before.size() || !before.get(i).equals(sums.get(i))) {
        throw new WeightFormatException(
            files.get(i),
            "these weights are not those that the run was started with; bring the file back");
      }
    }
  }
}
