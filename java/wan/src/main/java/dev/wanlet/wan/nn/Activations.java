// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/** Activation functions at a chosen precision. Stateless. */
public final class Activations {
  private static final float SQRT_2_OVER_PI = (float) Math.sqrt(2 / Math.PI);
  private static final float CUBIC = 0.044715f;

  private Activations() {}

  /**
   * GELU in its tanh form: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
   *
   * <p>ggml's own operation looks the value up in an F16 table on the CPU, about 1e-3 off, so
   * {@link Precision#F32} composes it.
   */
  public static Tensor geluTanh(GraphBuilder g, Tensor x, Precision precision) {
    if (precision == Precision.AUTO) {
      return g.gelu(x);
    }
    Tensor inner = g.mul(g.scale(g.sqr(x), SQRT_2_OVER_PI * CUBIC, SQRT_2_OVER_PI), x);
    return g.mul(g.scale(g.tanh(inner), 0.5f, 0.5f), x);
  }
}
