// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.Locale;

/**
 * Where in a run guidance is on, written {@code 0.2,0.8} for a share of the steps or {@code
 * sigma:0.3,0.95} for a range of noise levels. Immutable.
 *
 * <p>Reference: Kynkäänniemi et al., "Applying guidance in a limited interval improves sample and
 * distribution quality", arXiv:2404.07724.
 *
 * @param unit what the bounds count
 * @param start in [0, 1]
 * @param end in [0, 1], above {@code start}
 */
public record GuidanceInterval(Unit unit, double start, double end) {
  /** What the bounds of an interval count. */
  public enum Unit {
    /**
     * Steps done, as a share of all: a step is inside from {@code start} on, before {@code end}.
     */
    STEPS,
    /** The noise level before the step, both bounds inside. */
    SIGMA
  }

  private static final String SIGMA_PREFIX = "sigma:";

  /** Checks the bounds. */
  public GuidanceInterval {
    if (!(start >= 0 && start < end && end <= 1)) {
      throw new IllegalArgumentException(
          "interval " + start + "," + end + "; expected 0 <= START < END <= 1, such as 0.1,0.8");
    }
  }

  /**
   * Reads an interval.
   *
   * @throws IllegalArgumentException if it is none; the message quotes it
   */
  public static GuidanceInterval parse(String text) {
    String trimmed = text.strip().toLowerCase(Locale.ROOT);
    boolean sigma = trimmed.startsWith(SIGMA_PREFIX);
    String[] bounds = (sigma ? trimmed.substring(SIGMA_PREFIX.length()) : trimmed).split(",", -1);
    try {
      if (bounds.length == 2) {
        return new GuidanceInterval(
            sigma ? Unit.SIGMA : Unit.STEPS,
            Double.parseDouble(bounds[0].strip()),
            Double.parseDouble(bounds[1].strip()));
      }
    } catch (NumberFormatException e) {
      throw unreadable(text, e);
    }
    throw unreadable(text, null);
  }

  private static IllegalArgumentException unreadable(String text, Exception cause) {
    return new IllegalArgumentException(
        "'" + text + "' is not START,END; expected such as 0.1,0.8 or sigma:0.3,0.95", cause);
  }

  /** Whether guidance is on at step {@code step}. */
  public boolean contains(int step, FlowSchedule schedule) {
    if (unit == Unit.SIGMA) {
      float sigma = schedule.sigma(step);
      return sigma >= (float) start && sigma <= (float) end;
    }
    double share = step / (double) schedule.steps();
    return share >= start && share < end;
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return (unit == Unit.SIGMA ? SIGMA_PREFIX : "") + number(start) + "," + number(end);
  }

  private static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
