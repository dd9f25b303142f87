// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.concurrent.CancellationException;

/** The user asked a run to stop, and it did. */
public class SamplingCancelledException extends CancellationException {
  private static final long serialVersionUID = 1L;

  private final int completedSteps;

  /** A run that stopped after {@code completedSteps} of {@code steps} steps. */
  public SamplingCancelledException(int completedSteps, int steps) {
    super("sampling cancelled after " + completedSteps + " of " + steps + " steps");
    this.completedSteps = completedSteps;
  }

  /** Steps whose result the latents hold. */
  public int completedSteps() {
    return completedSteps;
  }
}
