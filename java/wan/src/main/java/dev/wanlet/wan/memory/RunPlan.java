// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a run will take, stage by stage. Made before any weight is read. Immutable.
 *
 * @param budgetBytes most device memory the run may use
 * @param hostBudgetBytes most host memory it may use beside clean mapped pages
 * @param stages in the order they run
 * @param steps sampling steps
 * @param passes what guidance makes of them
 * @param guidanceBytes host memory for what guidance remembers between steps
 * @param cacheBytes host memory for what a step cache does
 */
public record RunPlan(
    long budgetBytes,
    long hostBudgetBytes,
    List<StagePlan> stages,
    int steps,
    StepPasses passes,
    long guidanceBytes,
    long cacheBytes) {
  public RunPlan {
    stages = List.copyOf(stages);
  }

  /**
   * The plan of a stage.
   *
   * @throws IllegalArgumentException if the run has no such stage
   */
  public StagePlan stage(Stage stage) {
    return stages.stream()
        .filter(s -> s.stage().equals(stage))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("this run has no stage " + stage.id()));
  }

  /** This run with another plan of one of its stages. */
  RunPlan with(StagePlan changed, MemoryBudget budget) {
    List<StagePlan> list = new ArrayList<>(stages);
    list.replaceAll(s -> s.stage().equals(changed.stage()) ? changed : s);
    return new RunPlan(
        budget.deviceBytes(), budget.hostBytes(), list, steps, passes, guidanceBytes, cacheBytes);
  }

  /**
   * The same run of another number of steps: memory does not depend on it, sampling's time does.
   *
   * @param others what guidance makes of those steps
   */
  public RunPlan withSteps(int count, StepPasses others) {
    double factor = seconds(others) / seconds(passes);
    List<StagePlan> list = new ArrayList<>(stages);
    list.replaceAll(s -> s.stage().equals(Stage.SAMPLE) ? s.withSecondsTimes(factor) : s);
    return new RunPlan(
        budgetBytes, hostBudgetBytes, list, count, others, guidanceBytes, cacheBytes);
  }

  private double seconds(StepPasses of) {
    TransformerPlan t = transformer();
    return of.seconds(t.stepSeconds(), t.onePassSeconds(), t.placement().blocks());
  }

  /** How the transformer works on the clip. */
  public TransformerPlan transformer() {
    return stage(Stage.SAMPLE).details(TransformerPlan.class).orElseThrow();
  }

  /** Most device memory in use at any time: stages follow each other. */
  public long peakDeviceBytes() {
    return stages.stream().mapToLong(s -> s.device().peak()).max().orElse(0);
  }

  /** Most host memory in use at any time. */
  public long hostBytes() {
    return stages.stream().mapToLong(s -> s.host().total()).max().orElse(0);
  }

  /** Predicted time of the whole run, as far as times of its stages are predicted, in seconds. */
  public double seconds() {
    return stages.stream().mapToDouble(s -> s.seconds().orElse(0)).sum();
  }

  /** Whether this version can run every stage. */
  public boolean isComplete() {
    return stages.stream().allMatch(s -> s.unsupported().isEmpty());
  }

  /** One line for people. */
  public String summary() {
    TransformerPlan t = transformer();
    return String.format(
        "plan: peak %s of %s (%s); %d of %d blocks resident, chunks of %d tokens, %s uploaded a"
            + " step",
        Bytes.needed(peakDeviceBytes()),
        Bytes.text(budgetBytes),
        stages.stream()
            .map(s -> s.stage().title() + " " + Bytes.text(s.device().peak()))
            .collect(Collectors.joining(", ")),
        t.placement().resident(),
        t.placement().blocks(),
        Math.min(t.run().chunks().rows(), t.run().chunks().tokens()),
        Bytes.text(t.uploadBytesPerStep()));
  }
}
