// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.checkpoint.HuggingFaceCache;
import dev.wanlet.weights.checkpoint.Shard;
import dev.wanlet.weights.checkpoint.ShardIndex;
import dev.wanlet.weights.checkpoint.WeightFiles;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
      Pattern.compile(".*\\.(safetensors|gguf|pth|pt|bin|ckpt|index\\.json)");

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
  static ModelFolder scan(Path path) throws IOException {
    Path folder = HuggingFaceCache.snapshot(path);
    List<Path> files = weightFiles(folder);
    if (files.size() > MOST_FILES) {
      throw new ModelFilesException(
          folder
              + ": more than "
              + MOST_FILES
              + " weight files in this folder; give the folder of one model, or single files");
    }
    Map<ModelPart, List<WeightFileFacts>> found = new EnumMap<>(ModelPart.class);
    List<IOException> unreadable = new ArrayList<>();
    for (Path file : checkpoints(files)) {
      try {
        for (WeightFileFacts facts : WeightFileFacts.read(file)) {
          found.computeIfAbsent(facts.part(), p -> new ArrayList<>()).add(facts);
        }
      } catch (WeightFormatException | NoSuchFileException e) {
        unreadable.add(e);
      }
    }
    return new ModelFolder(folder, found, unreadable);
  }

  /** Sorted, links to nowhere included; links that go in a circle are not followed. */
  private static List<Path> weightFiles(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        folder,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        DEPTH,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes facts) {
            boolean wanted = facts.isRegularFile() || facts.isSymbolicLink();
            String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
            if (wanted && WEIGHTS.matcher(name).matches()) {
              files.add(file);
            }
            return files.size() > MOST_FILES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof FileSystemLoopException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        });
    files.sort(null);
    return files;
  }

  /** One file for each checkpoint: the index of one in several files, or else the first of them. */
  private static List<Path> checkpoints(List<Path> files) {
    Set<Path> indexed =
        files.stream()
            .filter(f -> f.toString().endsWith(ShardIndex.SUFFIX))
            .map(Path::getParent)
            .collect(Collectors.toSet());
    return WeightFiles.firstOfEach(
        files.stream()
            .filter(f -> Shard.of(f).isEmpty() || !indexed.contains(f.getParent()))
            .toList());
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

  /** What was found, part by part. */
  List<WeightFileFacts> all() {
    return found.values().stream().flatMap(List::stream).toList();
  }

  /** Why files could not be read. */
  List<IOException> unreadable() {
    return List.copyOf(unreadable);
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
