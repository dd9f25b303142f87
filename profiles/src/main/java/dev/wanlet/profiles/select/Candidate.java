// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;

/** A clip that could be made, with the plan of how. Immutable. */
public final class Candidate {
  private final Idea idea;
  private final RunPlan plan;

  Candidate(Idea idea, RunPlan plan) {
    this.idea = idea;
    this.plan = plan;
  }

  Idea idea() {
    return idea;
  }

  /** Which model makes it. */
  public ModelDefaults model() {
    return idea.option().model();
  }

  /** The quantisation recipe of the transformer; empty for a file, which has its own types. */
  public String recipe() {
    return idea.option().recipe();
  }

  /** How it is sampled. */
  public Way way() {
    return idea.option().way();
  }

  /** Size, frames, and the steps that run. */
  public RunPlanner.Job job() {
    return idea.job();
  }

  /** The steps to ask for; of a clip that is made over fewer run. */
  public int steps() {
    return idea.steps();
  }

  /** What it takes. */
  public RunPlan plan() {
    return plan;
  }

  /** A number that orders the candidates of one selection: higher is finer. */
  public double quality() {
    return idea.quality();
  }

  /** Predicted time of the whole clip. */
  public double seconds() {
    return plan.seconds();
  }

  /** The same for people, as exact as a prediction is: {@code 40 s}, {@code 12 min}. */
  public String time() {
    return Reasons.time(seconds());
  }

  /** Whether this is the same clip of the same model. */
  public boolean isSameAs(Candidate other) {
    return model().equals(other.model())
        && recipe().equals(other.recipe())
        && way().equals(other.way())
        && job().equals(other.job());
  }

  /** Whether this is as good in time and quality as another, and better in one. */
  boolean dominates(Candidate other) {
    return seconds() <= other.seconds()
        && quality() >= other.quality()
        && (seconds() < other.seconds() || quality() > other.quality());
  }
}
