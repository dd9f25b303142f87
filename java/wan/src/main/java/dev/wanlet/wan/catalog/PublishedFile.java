// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A file that others have published and this version reads. Immutable.
 *
 * @param part what it holds
 * @param repository on the Hugging Face hub
 * @param revision the commit at which it was seen; empty where none is known
 * @param path inside the repository
 * @param bytes its size; empty where nobody has told
 * @param gigabytes its size in units of 10<sup>9</sup> bytes, exact or as its page says
 * @param sha256 its sum in lower-case digits; empty where none is known
 */
public record PublishedFile(
    ModelPart part,
    String repository,
    Optional<String> revision,
    String path,
    OptionalLong bytes,
    OptionalDouble gigabytes,
    Optional<String> sha256) {
  private static final double GIGA = 1e9;

  /** As {@code models.json} has it: what is not known is left out. */
  record Entry(
      ModelPart part,
      String repository,
      String revision,
      String path,
      Long bytes,
      Double gigabytes,
      String sha256) {
    PublishedFile file(ModelPart as) {
      Double size = bytes == null ? gigabytes : Double.valueOf(bytes / GIGA);
      return new PublishedFile(
          Objects.requireNonNull(as == null ? part : as, path),
          repository,
          Optional.ofNullable(revision),
          path,
          bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes),
          size == null ? OptionalDouble.empty() : OptionalDouble.of(size),
          Optional.ofNullable(sha256));
    }
  }

  /** Its name without folders. */
  public String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
