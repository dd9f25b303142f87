// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import dev.wanlet.wan.sampling.ExpertSchedule;
import dev.wanlet.wan.sampling.FlowSchedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The steps of a run as a step cache sees them: parts in each of which one and the same network
 * runs. What the blocks did in one part says nothing in the next. Immutable.
 *
 * @param starts first step of each part, in order; the first is 0
 * @param firstLowStep first step of the low-noise expert
 */
public record CacheSteps(int steps, List<Integer> starts, int firstLowStep) {
  /** Copies the list and checks it. */
  public CacheSteps {
    starts = List.copyOf(starts);
    if (starts.isEmpty()
        || starts.get(0) != 0
        || !starts.equals(List.copyOf(new TreeSet<>(starts)))) {
      throw new IllegalArgumentException("parts start at " + starts + "; expected 0 and rising");
    }
  }

  /**
   * The parts of a run.
   *
   * @param others steps at which the network changes beside the switch of experts
   */
  public static CacheSteps of(FlowSchedule schedule, ExpertSchedule experts, Set<Integer> others) {
    TreeSet<Integer> starts = new TreeSet<>(others);
    starts.add(0);
    starts.add(experts.firstLowStep());
    starts.removeIf(s -> s >= schedule.steps() && s > 0);
    return new CacheSteps(schedule.steps(), new ArrayList<>(starts), experts.firstLowStep());
  }

  /** First step of the part that a step belongs to. */
  int start(int step) {
    int start = 0;
    for (int s : starts) {
      start = s <= step ? s : start;
    }
    return start;
  }

  /** First step of the part after that of a step; the number of steps behind the last. */
  int end(int step) {
    return starts.stream().filter(s -> s > step).findFirst().orElse(steps);
  }

  /** Whether the numbers leave it to the cache what happens at a step. */
  boolean isFree(int step, CacheNumbers numbers) {
    int start = start(step);
    int kept = (int) Math.ceil(numbers.keep() * (end(step) - start) - 1e-9);
    return step - start >= Math.max(kept, numbers.first())
        && step < steps - numbers.last()
        && (step >= firstLowStep || !numbers.lowNoiseOnly());
  }
}
