// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import java.util.Locale;
import java.util.Objects;

/**
 * Where in a run an adapter is added. Immutable.
 *
 * @param expert which transformer it is for
 * @param below noise level, above 0 and up to 1: it is added at levels under this; infinity for the
 *     whole run
 */
public record AdapterScope(Expert expert, double below) {
  /** Which transformers of a model an adapter is for. */
  public enum Expert {
    /** All there are. */
    BOTH,
    /** The high-noise expert. */
    HIGH,
    /** The low-noise expert. */
    LOW;

    /** As it is written: {@code high}. */
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Every transformer, all the time. */
  public static final AdapterScope WHOLE = new AdapterScope(Expert.BOTH, Double.POSITIVE_INFINITY);

  /** Checks the level. */
  public AdapterScope {
    Objects.requireNonNull(expert, "expert");
    if (!(below > 0 && (below <= 1 || Double.isInfinite(below)))) {
      throw new IllegalArgumentException(
          "an adapter below noise level " + below + "; expected more than 0 and at most 1");
    }
  }

  /** One expert, or both, all the time. */
  public static AdapterScope of(Expert expert) {
    return new AdapterScope(expert, Double.POSITIVE_INFINITY);
  }

  /** Whether it is there for the whole run of whatever it is for. */
  public boolean isAlways() {
    return Double.isInfinite(below);
  }

  /**
   * Whether it is added at a step.
   *
   * @param highNoise whether the high-noise expert runs; true for a model of one transformer
   * @param experts transformers of the model, 1 or 2
   * @param sigma noise level before the step
   */
  public boolean covers(boolean highNoise, int experts, double sigma) {
    boolean meant = experts == 1 || expert == Expert.BOTH || (expert == Expert.HIGH) == highNoise;
    return meant && sigma < below;
  }
}
