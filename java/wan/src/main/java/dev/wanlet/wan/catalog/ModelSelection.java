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

  private ModelSelection(String model, Map<ModelPart, Path> parts) {
    this.model = model;
    this.parts = new EnumMap<>(parts);
  }

  /** Nothing said: the demo model. */
  public static ModelSelection none() {
    return new ModelSelection(null, new EnumMap<>(ModelPart.class));
  }

  /** The same with a folder, a weight file or a model id; null is nothing said. */
  public ModelSelection withModel(String folderFileOrId) {
    return new ModelSelection(folderFileOrId, parts);
  }

  /** The same with one part's file; null is nothing said. */
  public ModelSelection with(ModelPart part, Path file) {
    ModelSelection selection = new ModelSelection(model, parts);
    if (file != null) {
      selection.parts.put(part, file);
    }
    return selection;
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
