// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelContents;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFilesException;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.recipe.TensorRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which files of a model's folder are quantised, and what the new ones are called: so that a run
 * knows the model and its experts by their names. Immutable.
 *
 * @param files in the order of their parts
 * @param notes what the user should know beforehand, a line each
 */
record FolderPlan(List<File> files, List<String> notes) {
  /**
   * A file to convert.
   *
   * @param output its name in the new folder
   */
  record File(Path input, String output) {}

  FolderPlan {
    files = List.copyOf(files);
    notes = List.copyOf(notes);
  }

  /**
   * What there is to do in a folder; empty if it is the folder of one network, or of none.
   *
   * @param types what the new files' names say of their types
   * @throws ModelFilesException if files could be the same part
   * @throws IOException if the folder cannot be listed
   */
  static Optional<FolderPlan> of(Path folder, String types) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    ModelContents contents = ModelContents.of(folder, ModelCatalog.standard());
    List<File> files = new ArrayList<>();
    Set<Path> inputs = new HashSet<>();
    for (Map.Entry<ModelPart, List<Path>> part : contents.parts().entrySet()) {
      if (part.getKey() == ModelPart.TOKENIZER) {
        continue; // a quantised text encoder brings its own
      }
      if (part.getValue().size() > 1) {
        throw new ModelFilesException(
            folder
                + ": more than one file could be the "
                + part.getKey().title()
                + "; quantise them one by one");
      }
      inputs.add(part.getValue().get(0));
      String name = name(part.getKey(), contents) + "-" + types;
      files.add(new File(part.getValue().get(0), name + ".gguf"));
    }
    if (inputs.size() < 2) {
      return Optional.empty();
    }
    if (inputs.size() < files.size()) {
      throw new ModelFilesException(
          folder + ": a file holds more than one network; quantise the files one by one");
    }
    return Optional.of(new FolderPlan(files, contents.problems()));
  }

  /**
   * The user's rules for each input: those that name a tensor of it.
   *
   * @throws IllegalArgumentException if one names nothing in any of them
   * @throws IOException if a file cannot be read
   */
  Map<Path, List<TensorRule>> rules(List<TensorRule> all) throws IOException {
    Map<Path, List<TensorRule>> byInput = new LinkedHashMap<>();
    Set<TensorRule> idle = new LinkedHashSet<>(all);
    for (File file : files) {
      try (Checkpoint checkpoint = Checkpoint.open(file.input())) {
        List<TensorRule> named = all.stream().filter(rule -> names(rule, checkpoint)).toList();
        byInput.put(file.input(), named);
        named.forEach(idle::remove);
      }
    }
    if (!idle.isEmpty()) {
      throw new IllegalArgumentException(
          "no tensor of any network in the folder matches '" + idle.iterator().next() + "'");
    }
    return byInput;
  }

  private static boolean names(TensorRule rule, Checkpoint checkpoint) {
    return checkpoint.source().tensors().stream().anyMatch(t -> rule.matches(t.name()));
  }

  private static String name(ModelPart part, ModelContents contents) {
    String model = contents.model().map(ModelDefaults::id).orElse("wan");
    boolean two = contents.parts().containsKey(ModelPart.HIGH_NOISE_TRANSFORMER);
    return switch (part) {
      case HIGH_NOISE_TRANSFORMER -> model + "-high-noise";
      case TRANSFORMER -> two ? model + "-low-noise" : model;
      case TEXT_ENCODER -> model + "-text-encoder";
      case IMAGE_ENCODER -> model + "-clip";
      case VAE -> model + "-vae";
      case TOKENIZER -> throw new IllegalArgumentException("a tokenizer has no weights");
    };
  }
}
