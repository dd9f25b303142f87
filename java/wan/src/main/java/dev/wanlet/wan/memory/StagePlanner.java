// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/** Plans one stage of a run, for one model on one device. Immutable; thread-safe. */
public interface StagePlanner {
  /** Which stage. */
  Stage stage();

  /** Whether a run goes through this stage. */
  default boolean takesPart(RunPlanner.Job job) {
    return true;
  }

  /**
   * Fits the stage into a budget.
   *
   * @throws MemoryBudgetException if it does not fit; it names the smallest budget that would do
   */
  StagePlan plan(RunPlanner.Job job, MemoryBudget budget);

  /**
   * A bound from below of the time that {@link #plan} predicts within any budget, in seconds; told
   * without measuring anything. 0 says nothing.
   */
  default double leastSeconds(RunPlanner.Job job) {
    return 0;
  }
}
