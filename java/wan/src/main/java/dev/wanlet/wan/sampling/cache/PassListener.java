// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

/**
 * Hears what each pass through the blocks came to, of runs with a step cache that keeps the blocks'
 * work: what a table for such a cache is measured by. Called on the thread that runs the pipeline.
 */
@FunctionalInterface
public interface PassListener {
  /**
   * A pass is done.
   *
   * @param branch of guidance: 0 with the prompt, 1 without
   * @param ratio how much longer the change by the blocks was than at the pass before: mean over
   *     all tokens of the ratio of lengths; NaN for the first pass
   * @param timeSignal the timestep's embedding that modulates the blocks
   * @param velocity the prediction; not to be changed or kept
   */
  void passDone(int step, int branch, double ratio, float[] timeSignal, float[] velocity);
}
