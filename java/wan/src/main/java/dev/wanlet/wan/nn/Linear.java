// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/** A fully connected layer: x W^T + b. Immutable; a view of its weights. */
public final class Linear {
  private final Tensor weight;
  private final Tensor bias;

  /** Binds {@code name.weight} [out, in] and, if the layout has it, {@code name.bias} [out]. */
  public Linear(WeightSet weights, String name) {
    this.weight = weights.get(name + ".weight");
    this.bias = weights.has(name + ".bias") ? weights.get(name + ".bias") : null;
  }

  /**
   * @param x [.., in], F32
   * @return [.., out], F32
   */
  public Tensor forward(GraphBuilder g, Tensor x) {
    Tensor y = g.matmul(weight, x);
    return bias == null ? y : g.addInPlace(y, bias);
  }
}
