// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import java.util.Locale;

/** Nothing that fits the memory ends within the time that was allowed. */
public final class TimeLimitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param fastest what would end first
   * @param limitSeconds the limit
   */
  TimeLimitException(Candidate fastest, double limitSeconds) {
    super(
        String.format(
            Locale.ROOT,
            "nothing that fits the memory ends within %s; the fastest is %s",
            Reasons.time(limitSeconds),
            Reasons.describe(fastest)));
  }
}
