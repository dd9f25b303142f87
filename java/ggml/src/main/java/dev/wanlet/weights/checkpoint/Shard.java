// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of the files of a checkpoint in numbered ones, told by its name, such as {@code
 * model-00001-of-00002.safetensors}. Immutable.
 *
 * @param path the file
 * @param stem its name before the numbers
 * @param count how many files there are
 * @param ending its name behind the numbers
 */
public record Shard(Path path, String stem, int count, String ending) {
  private static final Pattern NAME = Pattern.compile("(.*)-\\d{5}-of-(\\d{5})(\\.\\w+)");
  private static final int MOST = 1000;

  /** The shard that a name says the file is, if it says so. */
  public static Optional<Shard> of(Path path) {
    Matcher matcher = NAME.matcher(path.getFileName().toString());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int count = Integer.parseInt(matcher.group(2));
    return Optional.of(new Shard(path, matcher.group(1), count, matcher.group(3)));
  }

  /** What all files of the checkpoint have in common. */
  public String set() {
    return stem + "-of-" + count + ending;
  }

  /**
   * All files of the checkpoint, in order.
   *
   * @throws WeightFormatException if one is not there
   */
  List<Path> all() throws WeightFormatException {
    if (count < 1 || count > MOST) {
      throw new WeightFormatException(
          path, String.format("its name says it is one of %,d files", count));
    }
    List<Path> all = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Path file = path.resolveSibling(String.format("%s-%05d-of-%05d%s", stem, i, count, ending));
      if (!Files.exists(file)) {
        throw new WeightFormatException(
            path,
            String.format(
                "it is only a part of a checkpoint in %d files, and '%s' is not beside it; download"
                    + " the missing ones",
                count, file.getFileName()));
      }
      all.add(file);
    }
    return all;
  }
}
