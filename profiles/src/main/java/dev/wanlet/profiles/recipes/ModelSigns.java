// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the files of a model show of how it wants to be sampled. Immutable.
 *
 * @param files paths of its transformers
 * @param adapters paths of its adapters
 * @param metadata what the transformers say about themselves
 * @param tensors names of their tensors
 */
public record ModelSigns(
    List<Path> files, List<Path> adapters, Map<String, String> metadata, Set<String> tensors) {
  /** A model of which no file is at hand. */
  public static final ModelSigns NONE = new ModelSigns(List.of(), List.of(), Map.of(), Set.of());

  public ModelSigns {
    files = List.copyOf(files);
    adapters = List.copyOf(adapters);
    metadata = Map.copyOf(metadata);
    tensors = Set.copyOf(tensors);
  }

  /**
   * Reads the headers of a model's transformers.
   *
   * @throws IOException if one cannot be read
   */
  public static ModelSigns of(List<Path> transformers, List<Path> adapters) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    Set<String> tensors = new LinkedHashSet<>();
    for (Path file : transformers) {
      try (Checkpoint checkpoint = Checkpoint.open(file, ModelPart.TRANSFORMER::is)) {
        add(checkpoint.source(), metadata, tensors);
      }
    }
    return new ModelSigns(transformers, adapters, metadata, tensors);
  }

  /** Of transformers that are open. */
  public static ModelSigns ofOpen(List<WeightSource> transformers, List<Path> adapters) {
    Map<String, String> metadata = new LinkedHashMap<>();
    Set<String> tensors = new LinkedHashSet<>();
    List<Path> files = new ArrayList<>();
    for (WeightSource source : transformers) {
      add(source, metadata, tensors);
      files.add(source.files().get(0));
    }
    return new ModelSigns(files, adapters, metadata, tensors);
  }

  private static void add(WeightSource source, Map<String, String> metadata, Set<String> tensors) {
    metadata.putAll(source.metadata());
    source.tensors().stream().map(WeightTensor::name).forEach(tensors::add);
  }
}
