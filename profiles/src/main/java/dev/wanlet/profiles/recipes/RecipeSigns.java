// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What shows that a model needs a sampling recipe; any of these. Immutable.
 *
 * @param files found in the name of a file or of its folder
 * @param metadata found in an entry of a file's metadata
 * @param tensors found in the name of a tensor
 */
public record RecipeSigns(
    List<Pattern> files, Map<String, Pattern> metadata, List<Pattern> tensors) {
  public static final RecipeSigns NONE = new RecipeSigns(List.of(), Map.of(), List.of());

  /** Folders whose own name says nothing: the one above is the model's. */
  private static final Set<String> PARTS =
      Set.of("transformer", "transformer_2", "high_noise_model", "low_noise_model");

  /** Why the transformers show it; empty if they do not. */
  Optional<String> transformerShows(ModelSigns model) {
    for (Path file : model.files()) {
      Optional<String> why = called(file, "file");
      if (why.isPresent()) {
        return why;
      }
    }
    for (Map.Entry<String, Pattern> entry : metadata.entrySet()) {
      String value = model.metadata().getOrDefault(entry.getKey(), "");
      if (entry.getValue().matcher(plain(value)).find()) {
        return Optional.of("the metadata '" + entry.getKey() + "' is '" + shortened(value) + "'");
      }
    }
    for (Pattern pattern : tensors) {
      Optional<String> tensor = model.tensors().stream().filter(n -> found(pattern, n)).findFirst();
      if (tensor.isPresent()) {
        return Optional.of("the transformer has a tensor '" + tensor.get() + "'");
      }
    }
    return Optional.empty();
  }

  /** Why an adapter shows it; empty if none does. */
  Optional<String> adapterShows(ModelSigns model) {
    return model.adapters().stream().flatMap(file -> called(file, "adapter").stream()).findFirst();
  }

  private Optional<String> called(Path file, String what) {
    Path absolute = file.toAbsolutePath().normalize();
    Optional<String> own = name(absolute.getFileName(), "the " + what + " is called ");
    return own.isPresent() ? own : name(folder(absolute), "its folder is called ");
  }

  private Optional<String> name(Path name, String what) {
    return name != null && files.stream().anyMatch(p -> found(p, plain(name.toString())))
        ? Optional.of(what + name)
        : Optional.empty();
  }

  private static Path folder(Path file) {
    Path folder = file.getParent();
    boolean part = folder != null && folder.getFileName() != null;
    if (part && PARTS.contains(folder.getFileName().toString().toLowerCase(Locale.ROOT))) {
      folder = folder.getParent();
    }
    return folder == null ? null : folder.getFileName();
  }

  private static boolean found(Pattern pattern, String text) {
    return pattern.matcher(text).find();
  }

  /** Lower case, with one character between words. */
  private static String plain(String text) {
    return text.toLowerCase(Locale.ROOT).replace('_', '-').replace(' ', '-');
  }

  private static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }
}
