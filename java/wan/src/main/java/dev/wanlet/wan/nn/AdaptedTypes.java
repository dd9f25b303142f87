// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import java.util.List;

/** The types of a network with the paths of its adapters. Immutable. */
record AdaptedTypes(TypePolicy plain, NetworkAdapters adapters, Precision precision, Device device)
    implements TypePolicy {
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
    return adapters.paths(module).stream()
        .map(change -> new SidePath(change.rank(), NetworkAdapters.type(change, precision, device)))
        .toList();
  }
}
