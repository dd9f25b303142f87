// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/** A fully connected layer: x W^T + b. Immutable; a view of its weights. */
public final class Linear {
  /**
   * From so many rows on a quantised weight is widened where that is faster. It is the smallest
   * chunk of tokens, so that cutting tokens into chunks never changes the arithmetic.
   */
  static final int MANY_ROWS = 64;

  private final Tensor weight;
  private final boolean widens;
  private final Tensor bias;

  /** Binds {@code name.weight} [out, in] and, if the layout has it, {@code name.bias} [out]. */
  public Linear(WeightSet weights, String name) {
    this.weight = weights.get(name + ".weight");
    this.widens = weights.layout().widensQuantised() && weight.type().isQuantized();
    this.bias = weights.has(name + ".bias") ? weights.get(name + ".bias") : null;
  }

  /**
   * Multiplies by the weight and adds the bias.
   *
   * @param x [.., in], F32
   * @return [.., out], F32
   */
  public Tensor forward(GraphBuilder g, Tensor x) {
    long rows = x.shape().elements() / x.dim(x.rank() - 1);
    Tensor y = g.matmul(widens && rows >= MANY_ROWS ? g.widen(weight) : weight, x);
    return bias == null ? y : g.addInPlace(y, bias);
  }
}
