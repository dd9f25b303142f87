// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The parts of a model found in a folder, whatever its layout (official, Comfy-Org, diffusers, or
 * files side by side): weight files are recognised by their tensors. Immutable.
 */
final class ModelFolder {
  /**
   * {@code split_files/diffusion_models/x.safetensors} inside a repository's folder, and one more.
   */
  private static final int DEPTH = 4;

  private static final int MOST_FILES = 500;
  private static final Pattern WEIGHTS =
      Pattern.compile(".*\\.(safetensors|gguf|pth|pt|bin)|.*\\.safetensors\\.index\\.json");
  private static final Pattern SHARD = Pattern.compile(".*-\\d{5}-of-\\d{5}\\.[a-z]+");

  private final Path folder;
  private final Map<ModelPart, List<WeightFileFacts>> found;
  private final List<IOException> unreadable;

  private ModelFolder(
      Path folder, Map<ModelPart, List<WeightFileFacts>> found, List<IOException> unreadable) {
    this.folder = folder;
    this.found = found;
    this.unreadable = unreadable;
  }

  /**
   * Looks through a folder and those inside it.
   *
   * @throws IOException if the folder cannot be listed; damaged files are only remembered
   */
  static ModelFolder scan(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder, DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      files = walk.filter(ModelFolder::isWeightFile).limit(MOST_FILES + 1L).sorted().toList();
    }
    if (files.size() > MOST_FILES) {
      throw new ModelFilesException(
          folder
              + ": more than "
              + MOST_FILES
              + " weight files in this folder; give the folder of one model, or single files");
    }
    Map<ModelPart, List<WeightFileFacts>> found = new EnumMap<>(ModelPart.class);
    List<IOException> unreadable = new ArrayList<>();
    for (Path file : files) {
      try {
        WeightFileFacts.read(file)
            .ifPresent(f -> found.computeIfAbsent(f.part(), p -> new ArrayList<>()).add(f));
      } catch (WeightFormatException e) {
        unreadable.add(e);
      }
    }
    return new ModelFolder(folder, found, unreadable);
  }

  private static boolean isWeightFile(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return WEIGHTS.matcher(name).matches()
        && !SHARD.matcher(name).matches()
        && Files.isRegularFile(path);
  }

  Path folder() {
    return folder;
  }

  /** The transformers, high-noise expert first where there are two. */
  List<WeightFileFacts> transformers() throws ModelFilesException {
    List<WeightFileFacts> all = found.getOrDefault(ModelPart.TRANSFORMER, List.of());
    if (all.size() == 2) {
      List<WeightFileFacts> ordered = Experts.ordered(all);
      if (!ordered.isEmpty()) {
        return ordered;
      }
    }
    if (all.size() > 1) {
      throw ambiguous(ModelPart.TRANSFORMER, all);
    }
    return all;
  }

  /**
   * The one file of a part that fits, or null.
   *
   * @throws ModelFilesException if several fit
   */
  WeightFileFacts only(ModelPart part, Predicate<WeightFileFacts> fits) throws ModelFilesException {
    List<WeightFileFacts> all = found.getOrDefault(part, List.of()).stream().filter(fits).toList();
    if (all.size() > 1) {
      throw ambiguous(part, all);
    }
    return all.isEmpty() ? null : all.get(0);
  }

  /** A file that could not be read and may be what is missing, or null. */
  IOException firstUnreadable() {
    return unreadable.isEmpty() ? null : unreadable.get(0);
  }

  private ModelFilesException ambiguous(ModelPart part, List<WeightFileFacts> all) {
    return new ModelFilesException(
        String.format(
            "%s holds %d files that could be the %s; give one of them: %s",
            folder,
            all.size(),
            part.title(),
            all.stream()
                .map(f -> folder.relativize(f.path()).toString())
                .collect(Collectors.joining(", "))),
        part,
        null);
  }
}
