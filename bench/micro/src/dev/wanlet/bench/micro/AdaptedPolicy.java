// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.SidePath;
import dev.wanlet.wan.nn.TypePolicy;
import java.util.List;

/** A path beside every matrix of every block. Immutable. */
record AdaptedPolicy(TypePolicy plain, SidePath path) implements TypePolicy {
  @Override
  public TensorType matrixType(String name, long rows, long columns) {
    return plain.matrixType(name, rows, columns);
  }

  @Override
  public boolean widensQuantised() {
    return plain.widensQuantised();
  }

  @Override
  public List<SidePath> sidePaths(String module) {
    return module.startsWith("blocks.") ? List.of(path) : List.of();
  }
}
