// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.pickle.PthFile;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Opens weight files of any known format. Stateless, thread-safe. */
public final class WeightFiles {
  private static final int LISTED = 20;

  /** Of a GGUF file that llama.cpp's gguf-split wrote. */
  private static final String SPLIT_COUNT = "split.count";

  private WeightFiles() {}

  /**
   * Opens a weight file, the index or a file of a sharded checkpoint, or a directory that holds one
   * of them. The format is recognised by content.
   *
   * @throws NoSuchFileException if there is nothing at {@code path}
   * @throws WeightFormatException if the file is of no supported format, damaged, or one of several
   *     that are not all there, or if the directory does not hold exactly one checkpoint
   * @throws IOException if a file cannot be opened
   */
  public static WeightSource open(Path path) throws IOException {
    requireThere(path);
    if (Files.isDirectory(path)) {
      Path folder = HuggingFaceCache.snapshot(path);
      return open(checkpointIn(folder));
    }
    Optional<Shard> shard = Shard.of(path);
    if (shard.isPresent()) {
      return openAll(shard.get().all());
    }
    WeightSource source = openFile(path);
    String parts = source.metadata().get(SPLIT_COUNT);
    if (parts != null && !parts.equals("0") && !parts.equals("1")) {
      source.close();
      throw new WeightFormatException(
          path,
          String.format(
              "it is only one of the %s files of a model; give them all the names they had, such as"
                  + " model-00001-of-00002.gguf",
              parts));
    }
    return source;
  }

  private static void requireThere(Path path) throws NoSuchFileException {
    if (Files.notExists(path)) {
      throw new NoSuchFileException(
          path.toString(),
          null,
          Files.isSymbolicLink(path)
              ? "a link that points nowhere; download the file again"
              : "no such file; check the path");
    }
  }

  private static WeightSource openAll(List<Path> files) throws IOException {
    List<WeightSource> parts = new ArrayList<>();
    try {
      for (Path file : files) {
        parts.add(openFile(file));
      }
      return WeightSource.union(parts);
    } catch (Throwable e) {
      parts.forEach(WeightSource::close);
      throw e;
    }
  }

  /** Opens one file, whether or not it is all of a checkpoint. */
  static WeightSource openFile(Path path) throws IOException {
    requireThere(path);
    if (Files.size(path) == 0) {
      throw new WeightFormatException(
          path, "the file is empty (0 bytes); download or convert it again");
    }
    WeightFormat format = WeightFormat.detect(path);
    return switch (format) {
      case GGUF -> GgufFile.open(path);
      case SAFETENSORS -> SafetensorsFile.open(path);
      case SHARD_INDEX -> ShardIndex.open(path);
      case ZIP -> PthFile.open(path);
      case LEGACY_TORCH -> PthFile.openLegacy(path);
      case GIT_LFS_POINTER, HTML ->
          throw new WeightFormatException(
              path, format.title() + "; download the file again, for example with 'git lfs pull'");
      case PICKLE, OLD_GGML, UNKNOWN ->
          throw new WeightFormatException(
              path,
              "unsupported file type: "
                  + format.title()
                  + "; give a safetensors, GGUF or PyTorch file");
    };
  }

  /** The one index, or else the one weight file or set of shards, in a directory. */
  private static Path checkpointIn(Path directory) throws IOException {
    List<Path> entries;
    try (Stream<Path> listing = Files.list(directory)) {
      entries = listing.filter(path -> !Files.isDirectory(path)).sorted().toList();
    }
    List<Path> candidates = endingIn(entries, ShardIndex.SUFFIX);
    if (candidates.isEmpty()) {
      candidates = endingIn(entries, ".safetensors", ".gguf");
    }
    if (candidates.isEmpty()) {
      // Last: official folders hold the other networks as .pth beside the transformer.
      candidates = endingIn(entries, ".pth", ".pt", ".bin", ".ckpt");
    }
    candidates = firstOfEach(candidates);
    if (candidates.size() == 1) {
      return candidates.get(0);
    }
    String found =
        (candidates.isEmpty() ? entries : candidates)
            .stream()
                .limit(LISTED)
                .map(p -> p.getFileName().toString())
                .collect(Collectors.joining(", "));
    throw new WeightFormatException(
        directory,
        candidates.isEmpty()
            ? "no safetensors, GGUF, .pth or .bin file in this directory; it holds: "
                + (found.isEmpty() ? "no files" : found)
            : candidates.size() + " weight files in this directory, give one of them: " + found);
  }

  /** Sorted weight files with one file for each set of shards. */
  public static List<Path> firstOfEach(List<Path> files) {
    Set<String> sets = new HashSet<>();
    return files.stream()
        .filter(
            file ->
                Shard.of(file)
                    .map(s -> sets.add(file.resolveSibling(s.set()).toString()))
                    .orElse(true))
        .toList();
  }

  private static List<Path> endingIn(List<Path> files, String... suffixes) {
    return files.stream()
        .filter(
            file -> {
              String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
              return Stream.of(suffixes).anyMatch(name::endsWith);
            })
        .toList();
  }
}
