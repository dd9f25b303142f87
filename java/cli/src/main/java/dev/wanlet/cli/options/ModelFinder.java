// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelFilesException;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the files of the model that flags or a saved run name. Stateless. */
public final class ModelFinder {
  private ModelFinder() {}

  /**
   * Finds the files of the model.
   *
   * @throws IOException if one is missing or damaged; the message names it
   */
  public static ModelFiles resolve(ModelSelection selection) throws IOException {
    requireHere(selection);
    try {
      return resolver().resolve(selection);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Of a published model that is not here this tells what fetches it. */
  private static void requireHere(ModelSelection selection) throws ModelFilesException {
    String given = selection.model().orElse("");
    Optional<ModelDefaults> known = ModelCatalog.standard().find(given);
    if (known.isPresent()
        && !ModelCatalog.isDemo(known.get().id())
        && !Files.exists(Path.of(given))) {
      throw new ModelFilesException(
          String.format(
              "%s is not here: 'wanlet models get %s' downloads it; then give its folder as the"
                  + " model, or its files one by one",
              known.get().id(), known.get().id()));
    }
  }

  /** Looks among the published models, and takes what is missing from the demo model. */
  public static ModelResolver resolver() {
    return new ModelResolver(
        ModelCatalog.standard(), ModelFinder::demoFolder, ModelFinder::demoPictures);
  }

  private static Path demoPictures() {
    try {
      return DemoModel.imageToVideoTransformer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path demoFolder() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
