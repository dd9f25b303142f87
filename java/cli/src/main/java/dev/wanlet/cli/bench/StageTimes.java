// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.GenerationListener;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Keeps a run's plan and the time of each stage, for who measures. Confined to one thread. */
public final class StageTimes implements GenerationListener {
  private final Map<Stage, Double> seconds = new LinkedHashMap<>();
  private RunPlan plan;

  @Override
  public void planned(RunPlan newPlan) {
    plan = newPlan;
  }

  @Override
  public void progress(Stage stage, double done, int total) {}

  @Override
  public void stageFinished(Stage stage, double time) {
    seconds.put(stage, time);
  }

  /** The plan that the run goes by; null before there is one. */
  public RunPlan plan() {
    return plan;
  }

  /** Seconds of each stage that is through, loading included, in their order. */
  public Map<Stage, Double> seconds() {
    return Collections.unmodifiableMap(seconds);
  }
}
