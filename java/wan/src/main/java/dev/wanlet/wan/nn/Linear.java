// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A fully connected layer: x W^T + b, and the {@linkplain SidePath paths} of adapters beside it.
 * Immutable; a view of its weights.
 */
public final class Linear {
  /**
   * From so many rows on a quantised weight is widened where that is faster. It is the smallest
   * chunk of tokens, so that cutting tokens into chunks never changes the arithmetic.
   */
  static final int MANY_ROWS = 64;

  private final Tensor weight;
  private final boolean widens;
  private final Tensor bias;
  private final List<Path> paths = new ArrayList<>();

  private record Path(Tensor down, Tensor up, Tensor scale) {
    Tensor forward(GraphBuilder g, Tensor x) {
      return g.matmul(up, g.mulInPlace(g.matmul(down, x), scale));
    }
  }

  /** Binds {@code name.weight} [out, in] and, if the layout has it, {@code name.bias} [out]. */
  public Linear(WeightSet weights, String name) {
    this.weight = weights.get(name + ".weight");
    this.widens = weights.layout().widensQuantised() && weight.type().isQuantized();
    this.bias = weights.has(name + ".bias") ? weights.get(name + ".bias") : null;
    for (int i = 0; weights.has(SidePath.down(name, i)); i++) {
      paths.add(
          new Path(
              weights.get(SidePath.down(name, i)),
              weights.get(SidePath.up(name, i)),
              weights.get(SidePath.scale(name, i))));
    }
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
    for (Path path : paths) {
      y = g.addInPlace(y, path.forward(g, x));
    }
    return bias == null ? y : g.addInPlace(y, bias);
  }
}
