// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Runs a network from two files on the same inputs. Found with {@link java.util.ServiceLoader},
 * because running networks is the runtime's work. Implementations are stateless.
 */
public interface ForwardComparison {
  /**
   * What came out.
   *
   * @param inputs the inputs in words, such as {@code seeded noise [16, 2, 16, 16], t = 500}
   * @param error of the second file's output against the first's
   */
  record Result(String inputs, ErrorStatistics error) {}

  /**
   * Compares outputs on fixed inputs, computed in F32.
   *
   * @param reference the file or folder that was converted
   * @param converted the file that was written
   * @return empty if this cannot run networks of that kind
   * @throws IOException if a file cannot be read or is not a whole network
   */
  Optional<Result> compare(CheckpointKind kind, Path reference, Path converted) throws IOException;
}
