// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.bench.models.StandInParts;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Models of random weights at full size, written to the work folder when first asked for; in a dry
 * run the demo model stands for all of them. Immutable.
 *
 * @param folder where they are written
 * @param small whether this is a dry run
 */
record Models(Path folder, boolean small) {
  /** The text encoder that belongs to a transformer. */
  enum TextEncoder {
    /** One layer of the real width, whose time and memory do not count. */
    STAND_IN,
    /** umT5-XXL. */
    FULL
  }

  /**
   * The files of a model.
   *
   * @param id as in the catalogue
   * @param type of the transformer's matrices
   * @throws IOException if they cannot be written, for example because the disk is full
   */
  ModelFiles files(String id, String type, TextEncoder text) throws IOException {
    if (small) {
      return ModelFinder.resolver().resolve(ModelSelection.none());
    }
    writeStandIns();
    Path vae = folder.resolve(StandInParts.VAE);
    Path encoder =
        text == TextEncoder.FULL
            ? synth(id, "Q8_0", "text-encoder", folder.resolve("umt5-Q8_0.gguf"))
            : folder.resolve(StandInParts.TEXT_ENCODER);
    return ModelFinder.resolver()
        .resolve(
            ModelSelection.none()
                .with(ModelPart.TRANSFORMER, transformer(id, type))
                .with(ModelPart.VAE, vae)
                .with(ModelPart.TEXT_ENCODER, encoder)
                .with(
                    ModelPart.TOKENIZER,
                    DemoModel.directory().resolve("google/umt5-xxl/spiece.model")));
  }

  /** Writes what is not there: the disk may have been full after the first of them. */
  void writeStandIns() throws IOException {
    if (!Files.exists(folder.resolve(StandInParts.VAE))) {
      StandInParts.writeVae(folder);
    }
    if (!Files.exists(folder.resolve(StandInParts.TEXT_ENCODER))) {
      StandInParts.writeTextEncoder(folder);
    }
  }

  /** The transformer's file, written if it is not there. */
  Path transformer(String id, String type) throws IOException {
    return synth(id, type, "transformer", folder.resolve(id + "-" + type + ".gguf"));
  }

  /** A transformer of one narrow block. */
  Path smallTransformer() throws IOException {
    Path file = folder.resolve("small.gguf");
    Files.deleteIfExists(file);
    return synth(
        ClipJob.SMALL_MODEL, "Q8_0", "transformer", file, "--layers", "1", "--width", "256");
  }

  private static Path synth(String id, String type, String part, Path file, String... more)
      throws IOException {
    if (Files.exists(file)) {
      return file;
    }
    List<String> arguments =
        new ArrayList<>(
            List.of("synth", id, "--type", type, "--part", part, "-o", file.toString()));
    arguments.addAll(List.of(more));
    StringWriter errors = new StringWriter();
    int code =
        dev.wanlet.cli.Main.run(
            new PrintWriter(new StringWriter()),
            new PrintWriter(errors, true),
            arguments.toArray(String[]::new));
    if (code != 0) {
      throw new IOException("cannot make " + file + ": " + errors.toString().trim());
    }
    return file;
  }
}
