// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options that say which model. Confined to one thread. */
public final class ModelOptions {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "FOLDER|FILE|ID",
      description =
          "Model: a folder in any layout, a weight file, or an id of 'wanlet models' (default: the"
              + " demo model that comes along).")
  private String model;

  @Option(
      names = "--diffusion-model",
      paramLabel = "FILE",
      description = "Transformer; the low-noise expert where there are two.")
  private Path diffusionModel;

  @Option(
      names = "--high-noise-diffusion-model",
      paramLabel = "FILE",
      description = "High-noise expert of a Wan 2.2 14B model.")
  private Path highNoiseDiffusionModel;

  @Option(names = "--vae", paramLabel = "FILE", description = "VAE.")
  private Path vae;

  @Option(
      names = {"--text-encoder", "--t5xxl"},
      paramLabel = "FILE",
      description = "umT5 text encoder.")
  private Path textEncoder;

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE|FOLDER",
      description = "spiece.model or tokenizer.json, or a folder with one.")
  private Path tokenizer;

  public ModelSelection selection() {
    return ModelSelection.none()
        .withModel(model)
        .with(ModelPart.TRANSFORMER, diffusionModel)
        .with(ModelPart.HIGH_NOISE_TRANSFORMER, highNoiseDiffusionModel)
        .with(ModelPart.VAE, vae)
        .with(ModelPart.TEXT_ENCODER, textEncoder)
        .with(ModelPart.TOKENIZER, tokenizer);
  }

  /**
   * Finds the files of the model.
   *
   * @throws IOException if one is missing or damaged; the message names it
   */
  public ModelFiles resolve() throws IOException {
    try {
      return resolver().resolve(selection());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  public static ModelResolver resolver() {
    return new ModelResolver(ModelCatalog.standard(), ModelOptions::demoFolder);
  }

  private static Path demoFolder() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
