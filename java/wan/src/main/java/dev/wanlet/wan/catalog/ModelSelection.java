// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the user said about the model: a folder, a file or an id, and single parts that stand in for
 * those of the folder. Immutable.
 */
public final class ModelSelection {
  private final String model;
  private final Map<ModelPart, Path> parts;
  private final boolean pictures;

  private ModelSelection(String model, Map<ModelPart, Path> parts, boolean pictures) {
    this.model = model;
    this.pictures = pictures;
    this.parts = new EnumMap<>(parts);
  }

  /** Nothing said: the demo model. */
  public static ModelSelection none() {
    return new ModelSelection(null, new EnumMap<>(ModelPart.class), false);
  }

  /** The same with a folder, a weight file or a model id; null is nothing said. */
  public ModelSelection withModel(String folderFileOrId) {
    return new ModelSelection(folderFileOrId, parts, pictures);
  }

  /** The same with one part's file; null is nothing said. */
  public ModelSelection with(ModelPart part, Path file) {
    ModelSelection selection = new ModelSelection(model, parts, pictures);
    if (file != null) {
      selection.parts.put(part, file);
    }
    return selection;
  }

  /** The same for clips that begin with a picture, which decides what nothing said means. */
  public ModelSelection withPictures(boolean given) {
    return new ModelSelection(model, parts, given);
  }

  /** Whether clips begin with a picture. */
  public boolean pictures() {
    return pictures;
  }

  public Optional<String> model() {
    return Optional.ofNullable(model);
  }

  public Optional<Path> part(ModelPart part) {
    return Optional.ofNullable(parts.get(part));
  }

  public boolean isEmpty() {
    return model == null && parts.isEmpty();
  }
}
