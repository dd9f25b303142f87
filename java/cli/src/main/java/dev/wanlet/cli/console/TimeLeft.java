// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How long a run will still take: as the plan predicts at the beginning of a stage, as the stage
 * itself goes after a tenth of it, and between the two in between. Confined to one thread.
 */
final class TimeLeft {
  /** The share of a stage after which its own pace alone counts. */
  private static final double TRUSTED = 0.1;

  private final Map<Stage, OptionalDouble> predicted = new LinkedHashMap<>();
  private Stage stage;
  private int total;
  private double startSeconds;
  private int resumedSteps;

  void planned(RunPlan plan) {
    plan.stages().forEach(s -> predicted.put(s.stage(), s.seconds()));
  }

  /** Steps that an earlier run did take no time now. Told before any stage begins. */
  void resumed(int steps) {
    resumedSteps = steps;
  }

  /** What an earlier run did of the stage. */
  int before() {
    return stage.equals(Stage.SAMPLE) ? resumedSteps : 0;
  }

  void started(Stage now, int units, double seconds) {
    stage = now;
    total = units;
    startSeconds = seconds;
  }

  /**
   * Seconds that the stage will still take; empty if neither a prediction nor its pace tells.
   *
   * @param done units of the stage, those of an earlier run too
   * @param seconds by the clock of {@link #started}
   */
  OptionalDouble ofStage(double done, double seconds) {
    int before = before();
    double share = total > before ? (done - before) / (total - before) : 1;
    double elapsed = seconds - startSeconds;
    OptionalDouble plan = predicted.getOrDefault(stage, OptionalDouble.empty());
    if (share <= 0 && plan.isEmpty()) {
      return OptionalDouble.empty();
    }
    double trust = plan.isEmpty() ? 1 : Math.min(1, Math.max(0, share) / TRUSTED);
    double own = share > 0 ? trust * elapsed / share : 0;
    double planned = plan.orElse(0) * (total - before) / Math.max(1, total);
    double whole = own + (1 - trust) * Math.max(planned, elapsed);
    return OptionalDouble.of(Math.max(0, whole - elapsed));
  }

  /** The same of the clip; empty if this is its last stage, or a later one has no prediction. */
  OptionalDouble ofClip(double done, double seconds) {
    OptionalDouble left = ofStage(done, seconds);
    boolean later = false;
    double rest = 0;
    int after = 0;
    for (Map.Entry<Stage, OptionalDouble> entry : predicted.entrySet()) {
      if (later) {
        if (entry.getValue().isEmpty()) {
          return OptionalDouble.empty();
        }
        after++;
        rest += entry.getValue().getAsDouble();
      }
      later |= entry.getKey().equals(stage);
    }
    return left.isEmpty() || after == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(left.getAsDouble() + rest);
  }
}
