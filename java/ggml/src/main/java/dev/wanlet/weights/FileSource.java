// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A source of one mapped file, whatever its format: owns the file and knows its tensors.
 * Thread-safe for reading; close only when no other thread reads.
 */
public abstract class FileSource implements WeightSource {
  private final MappedFile file;
  private final Map<String, WeightTensor> tensors;

  /**
   * Takes over the file.
   *
   * @param tensors by name, in file order
   */
  protected FileSource(MappedFile file, Map<String, WeightTensor> tensors) {
    this.file = file;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /** The file's path. */
  protected final Path path() {
    return file.path();
  }

  @Override
  public final String description() {
    return file.path().toString();
  }

  @Override
  public final List<Path> files() {
    return List.of(file.path());
  }

  @Override
  public final Collection<WeightTensor> tensors() {
    return tensors.values();
  }

  @Override
  public final Optional<WeightTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public void close() {
    file.close();
  }

  @Override
  public final String toString() {
    return description();
  }
}
