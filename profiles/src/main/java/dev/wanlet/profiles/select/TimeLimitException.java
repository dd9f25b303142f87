// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import java.util.Locale;

/** Nothing of a profile that fits the memory ends within the time that was allowed. */
public final class TimeLimitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param profile whose clips were looked at
   * @param fastest what would end first of them
   * @param limitSeconds the limit
   */
  TimeLimitException(String profile, Candidate fastest, double limitSeconds) {
    super(
        String.format(
            Locale.ROOT,
            "nothing of profile '%s' that fits the memory ends within %s; its fastest is %s",
            profile,
            Reasons.time(limitSeconds),
            Reasons.describe(fastest)));
  }
}
