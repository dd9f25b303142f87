// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;

/**
 * The shifts, scales and gates that the timestep sets in a block (six) or the head (two), for the
 * rows of one chunk. Immutable.
 *
 * <p>With one timestep for all tokens each is [1, D] and broadcasts; with several (Wan 2.2 TI2V)
 * each is gathered to [rows, D].
 */
final class Modulation {
  private final GraphBuilder g;
  private final Tensor table;
  private final Tensor rowTimesteps;

  /**
   * Adds the learned table to the timestep's.
   *
   * @param time [N, K, D], F32: N values for each of K distinct timesteps
   * @param learned [N, 1, D], F32
   * @param rowTimesteps [rows], I32: which timestep each row has; null if K = 1
   */
  Modulation(GraphBuilder g, Tensor time, Tensor learned, Tensor rowTimesteps) {
    this.g = g;
    this.table = g.add(time, learned);
    this.rowTimesteps = rowTimesteps;
  }

  private Tensor value(int index) {
    Tensor v = g.slice(table, 0, index, index + 1);
    Tensor perTimestep = g.reshape(v, v.dim(1), v.dim(2));
    return rowTimesteps == null ? perTimestep : g.getRows(perTimestep, rowTimesteps);
  }

  /** h * (1 + scale) + shift, overwriting h [rows, D]. */
  Tensor modulate(Tensor h, int shift, int scale) {
    Tensor factor = g.scale(value(scale), 1f, 1f);
    return g.addInPlace(g.mulInPlace(h, factor), value(shift));
  }

  /** x + y * gate, overwriting y [rows, D]. */
  Tensor gatedResidual(Tensor x, Tensor y, int gate) {
    return g.addInPlace(g.mulInPlace(y, value(gate)), x);
  }
}
