// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

/**
 * The first-order solver: {@code x += (sigma_next - sigma) * velocity}. Remembers nothing.
 *
 * <p>Confined to one thread. Reference: the flow-matching Euler scheduler.
 */
public final class EulerSampler extends AbstractSampler {
  /** Starts a run. */
  public EulerSampler(FlowSchedule schedule) {
    super(SamplingMethod.EULER, schedule);
  }

  @Override
  void advance(int i, float[] x, float[] velocity) {
    float dt = schedule().sigma(i + 1) - schedule().sigma(i);
    for (int k = 0; k < x.length; k++) {
      x[k] += dt * velocity[k];
    }
  }
}
