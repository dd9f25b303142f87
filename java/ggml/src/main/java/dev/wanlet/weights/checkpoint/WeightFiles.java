// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.pickle.PthFile;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import dev.wanlet.weights.safetensors.SafetensorsIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Opens weight files of any known format. Stateless, thread-safe. */
public final class WeightFiles {
  private static final int LISTED = 20;

  private WeightFiles() {}

  /**
   * Opens a weight file, the index of a sharded checkpoint, or a directory that holds one of them.
   * The format is recognised by content.
   *
   * @throws NoSuchFileException if there is nothing at {@code path}
   * @throws WeightFormatException if the file is of no supported format or damaged, or if the
   *     directory does not hold exactly one checkpoint
   * @throws IOException if a file cannot be opened
   */
  public static WeightSource open(Path path) throws IOException {
    if (Files.notExists(path)) {
      throw new NoSuchFileException(path.toString(), null, "no such file; check the path");
    }
    if (Files.isDirectory(path)) {
      return open(checkpointIn(path));
    }
    if (Files.size(path) == 0) {
      throw new WeightFormatException(
          path, "the file is empty (0 bytes); download or convert it again");
    }
    WeightFormat format = WeightFormat.detect(path);
    return switch (format) {
      case GGUF -> GgufFile.open(path);
      case SAFETENSORS -> SafetensorsFile.open(path);
      case SAFETENSORS_INDEX -> SafetensorsFile.openIndex(path);
      case ZIP -> PthFile.open(path);
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

  /** The one index, or else the one weight file, in a directory. */
  private static Path checkpointIn(Path directory) throws IOException {
    List<Path> entries;
    try (Stream<Path> listing = Files.list(directory)) {
      entries = listing.filter(Files::isRegularFile).sorted().toList();
    }
    List<Path> candidates = endingIn(entries, SafetensorsIndex.SUFFIX);
    if (candidates.isEmpty()) {
      candidates = endingIn(entries, ".safetensors", ".gguf");
    }
    if (candidates.isEmpty()) {
      // Last: official folders hold the other networks as .pth beside the transformer.
      candidates = endingIn(entries, ".pth", ".pt");
    }
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
            ? "no safetensors, GGUF or .pth file in this directory; it holds: "
                + (found.isEmpty() ? "no files" : found)
            : candidates.size() + " weight files in this directory, give one of them: " + found);
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
