// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.base.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes results for people and scripts. Stateless, thread-safe. */
public final class ParityReport {
  private ParityReport() {}

  /**
   * One line per tap (name, largest difference, NMSE, bound, {@code ok} or {@code FAIL}), then a
   * line that sums up. Columns are separated by two spaces or more.
   */
  public static List<String> lines(List<TapResult> results) {
    int width = results.stream().mapToInt(r -> Printable.name(r.name()).length()).max().orElse(0);
    List<String> lines = new ArrayList<>();
    for (TapResult r : results) {
      String line =
          String.format(
              Locale.ROOT,
              "%-" + Math.max(1, width) + "s  max-abs %.3e  nmse %.3e  tolerance %.3e  %s",
              Printable.name(r.name()),
              r.maxAbs(),
              r.nmse(),
              r.bound(),
              r.ok() ? "ok" : "FAIL");
      lines.add(r.problem().isEmpty() ? line : line + "  (" + Printable.message(r.problem()) + ")");
    }
    lines.add(summary(results));
    return lines;
  }

  private static String summary(List<TapResult> results) {
    long failed = results.stream().filter(r -> !r.ok()).count();
    String verdict = failed == 0 ? "all within tolerance" : failed + " FAILED";
    return String.format(Locale.ROOT, "%d taps, %s", results.size(), verdict);
  }

  /** Whether there was something to compare and all of it is within its bound. */
  public static boolean passed(List<TapResult> results) {
    return !results.isEmpty() && results.stream().allMatch(TapResult::ok);
  }
}
