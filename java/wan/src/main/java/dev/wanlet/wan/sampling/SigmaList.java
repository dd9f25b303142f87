// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Noise levels that a user lists, such as {@code 1,0.9375,0.8333,0.625}: one for each step, falling
 * from at most 1; a final 0 may be written and is left out. Immutable.
 *
 * @param levels without the final 0, each in (0, 1]
 */
public record SigmaList(List<Double> levels) {
  /**
   * Leaves a final 0 out.
   *
   * @throws IllegalArgumentException if the list is empty or does not fall strictly
   */
  public SigmaList {
    int count = levels.size();
    boolean endsInZero = count > 1 && levels.get(count - 1) == 0.0;
    levels = List.copyOf(levels.subList(0, endsInZero ? count - 1 : count));
    schedule(levels);
  }

  /**
   * Reads numbers with commas between them.
   *
   * @throws IllegalArgumentException if it is no such list; the message quotes it
   */
  public static SigmaList parse(String text) {
    List<Double> levels = new ArrayList<>();
    for (String number : text.split(",", -1)) {
      try {
        levels.add(Double.valueOf(number.strip()));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "'"
                + text
                + "' is not a list of noise levels: '"
                + number.strip()
                + "' is no number; expected such as 1,0.9375,0.8333,0.625",
            e);
      }
    }
    return new SigmaList(levels);
  }

  /** Steps of a run on these levels. */
  public int steps() {
    return levels.size();
  }

  /** The schedule: the levels as they are, timesteps 1000 times as much. */
  public FlowSchedule schedule() {
    return schedule(levels);
  }

  private static FlowSchedule schedule(List<Double> levels) {
    String text = levels.stream().map(SigmaList::number).collect(Collectors.joining(","));
    return FlowSchedule.ofLevels(
        "noise levels " + text, levels.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static String number(double level) {
    return level == Math.rint(level) ? String.format(Locale.ROOT, "%.0f", level) : "" + level;
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return levels.stream().map(SigmaList::number).collect(Collectors.joining(","));
  }
}
