// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

/** What a step cache may look at before a pass. */
public interface PassView {
  /** The latents now; not to be changed or kept. */
  float[] latents();

  /**
   * What the transformer makes of the timestep of a step: the embedding that modulates its blocks,
   * projected (6 x dim).
   */
  float[] timeSignal(int step);
}
