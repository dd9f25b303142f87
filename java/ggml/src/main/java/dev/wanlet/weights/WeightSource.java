// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Named tensors from one or several weight files. Owns the files: closing it ends the life of all
 * its tensors; closing twice is harmless.
 *
 * <p>Sources are built from sources with {@link #union}, {@link #overlay}, {@link #renamed} and
 * {@link #filtered}; the result owns what it was made of, so only the outermost one is closed. When
 * making one fails, nothing has been closed.
 *
 * <p>Thread-safe for reading; close only when no other thread reads.
 */
public interface WeightSource extends AutoCloseable {
  /** What this is, in a few words, for messages: usually the file's path. */
  String description();

  /** The files that hold the tensors, at least one. */
  List<Path> files();

  /** All tensors, in file order. Unmodifiable. */
  Collection<WeightTensor> tensors();

  Optional<WeightTensor> find(String name);

  /** What the file says about itself; arrays are shortened to a summary. Unmodifiable. */
  Map<String, String> metadata();

  /**
   * Tensors that are in the files but in a form that nothing here reads, by name, each with what it
   * is, such as {@code C64}. They are not among {@link #tensors()}. Unmodifiable.
   */
  default Map<String, String> passedOver() {
    return Map.of();
  }

  @Override
  void close();

  /**
   * The tensor of that name.
   *
   * @throws WeightFormatException if there is none, or only in a form that cannot be read; the
   *     message lists the names most like it
   */
  default WeightTensor require(String name) throws WeightFormatException {
    Optional<WeightTensor> found = find(name);
    if (found.isPresent()) {
      return found.get();
    }
    String form = passedOver().get(name);
    if (form != null) {
      throw new WeightFormatException(
          files().get(0),
          String.format(
              "tensor '%s' is stored as %s, which Wanlet does not read; take the F16, BF16 or fp8"
                  + " version of this model",
              name, form));
    }
    throw new WeightFormatException(
        files().get(0), NearestNames.missing(name, tensors(), files().size()));
  }

  /**
   * Several files as one source, for checkpoints in shards.
   *
   * @throws WeightFormatException if two of them hold a tensor of the same name
   */
  static WeightSource union(List<? extends WeightSource> parts) throws WeightFormatException {
    return CompositeSource.union(parts);
  }

  /** A source in which the tensors of each later part replace those of the same name before it. */
  static WeightSource overlay(WeightSource first, WeightSource... later) {
    return CompositeSource.overlay(first, Arrays.asList(later));
  }

  /**
   * This source under other names.
   *
   * @param rename from the name in the file to the new one
   * @throws WeightFormatException if two tensors get the same name
   */
  default WeightSource renamed(UnaryOperator<String> rename) throws WeightFormatException {
    return CompositeSource.renamed(this, rename);
  }

  /**
   * This source with {@code prefix} removed from all names that start with it; other names stay.
   *
   * @throws WeightFormatException if two tensors get the same name
   */
  default WeightSource withoutPrefix(String prefix) throws WeightFormatException {
    return renamed(name -> name.startsWith(prefix) ? name.substring(prefix.length()) : name);
  }

  /** Only the tensors whose names pass. */
  default WeightSource filtered(Predicate<String> names) {
    return CompositeSource.filtered(this, names);
  }
}
