// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelFilesException;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Owner: the files of a model, mapped, under official names, with the configurations read off them.
 * No weight is loaded. Thread-safe for reading.
 */
final class OpenModel implements AutoCloseable {
  private final ModelFiles files;
  private final List<Checkpoint> checkpoints = new ArrayList<>();
  private final List<WeightSource> transformers = new ArrayList<>();
  private final WanConfig transformerConfig;
  private final WeightSource textEncoder;
  private final Umt5Config textConfig;
  private final WeightSource vae;
  private final VaeConfig vaeConfig;

  private OpenModel(ModelFiles files) throws IOException {
    this.files = files;
    try {
      if (files.highNoiseTransformer().isPresent()) {
        transformers.add(open(files.highNoiseTransformer().get()));
      }
      transformers.add(open(files.transformer()));
      transformerConfig = WanConfig.infer(transformers.get(0));
      for (WeightSource expert : transformers) {
        if (!WanConfig.infer(expert).equals(transformerConfig)) {
          throw new ModelFilesException(
              "the experts "
                  + transformers.get(0).description()
                  + " and "
                  + expert.description()
                  + " are of different models; give the high- and low-noise files of one model");
        }
      }
      textEncoder = open(files.textEncoder());
      textConfig = Umt5Config.infer(textEncoder);
      vae = open(files.vae());
      vaeConfig = vaeConfig(checkpoints.get(checkpoints.size() - 1));
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens the files.
   *
   * @throws IOException if one cannot be read or is damaged
   */
  static OpenModel open(ModelFiles files) throws IOException {
    return new OpenModel(files);
  }

  private WeightSource open(Path file) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(file);
    checkpoints.add(checkpoint);
    return checkpoint.source();
  }

  private static VaeConfig vaeConfig(Checkpoint vae) throws IOException {
    return VaeFamily.infer(vae)
        .orElseThrow(
            () ->
                new ModelFilesException(
                    vae.source().description()
                        + " is a "
                        + vae.kind().title()
                        + ", which this version cannot decode with"));
  }

  ModelFiles files() {
    return files;
  }

  /** The transformers in the order they run: the high-noise expert first, where there are two. */
  List<WeightSource> transformers() {
    return transformers;
  }

  WanConfig transformerConfig() {
    return transformerConfig;
  }

  WeightSource textEncoder() {
    return textEncoder;
  }

  Umt5Config textConfig() {
    return textConfig;
  }

  WeightSource vae() {
    return vae;
  }

  VaeConfig vaeConfig() {
    return vaeConfig;
  }

  @Override
  public void close() {
    checkpoints.forEach(Checkpoint::close);
  }
}
