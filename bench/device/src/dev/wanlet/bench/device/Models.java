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
    Path vae = folder.resolve("vae.safetensors");
    if (!Files.exists(vae)) {
      StandInParts.main(new String[] {folder.toString()});
    }
    Path encoder =
        text == TextEncoder.FULL
            ? synth(id, "Q8_0", "text-encoder", folder.resolve("umt5-Q8_0.gguf"))
            : folder.resolve("umt5.safetensors");
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

  /** The transformer's file, written if it is not there. */
  Path transformer(String id, String type) throws IOException {
    return synth(id, type, "transformer", folder.resolve(id + "-" + type + ".gguf"));
  }

  private static Path synth(String id, String type, String part, Path file) throws IOException {
    if (Files.exists(file)) {
      return file;
    }
    StringWriter errors = new StringWriter();
    int code =
        dev.wanlet.cli.Main.run(
            new PrintWriter(new StringWriter()),
            new PrintWriter(errors, true),
            "synth",
            id,
            "--type",
            type,
            "--part",
            part,
            "-o",
            file.toString());
    if (code != 0) {
      throw new IOException("cannot make " + file + ": " + errors.toString().trim());
    }
    return file;
  }
}
