// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/** Normalisations over the last dimension, with their weights. Stateless. */
public final class Norms {
  private Norms() {}

  /** Layer norm with weight and bias [D]; x [.., D], F32. */
  public static Tensor layerNorm(GraphBuilder g, Tensor x, Tensor weight, Tensor bias, float eps) {
    return g.addInPlace(g.mulInPlace(g.norm(x, eps), weight), bias);
  }

  /** RMS norm with weight [D]; x [.., D], F32. */
  public static Tensor rmsNorm(GraphBuilder g, Tensor x, Tensor weight, float eps) {
    return g.mulInPlace(g.rmsNorm(x, eps), weight);
  }
}
