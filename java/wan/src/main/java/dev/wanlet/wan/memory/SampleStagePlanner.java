// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.WanConfig;
import java.util.OptionalDouble;

/** Plans sampling: the transformer, or the larger of two experts. Immutable; thread-safe. */
public final class SampleStagePlanner implements StagePlanner {
  /** Earlier predictions that the solver of the longest memory keeps. */
  private static final int SOLVER_HISTORY = 4;

  /** Of each token, where they differ: as a number, and as the row that holds it. */
  private static final long BYTES_PER_TIMESTEP = 4 + 4;

  private final ModelFacts facts;
  private final TransformerPlanner planner;

  public SampleStagePlanner(ModelFacts facts) {
    this.facts = facts;
    this.planner =
        new TransformerPlanner(
            facts.transformer(),
            facts.transformerTypes(),
            facts.device(),
            facts.threads(),
            facts.rates(),
            facts.measured());
  }

  @Override
  public Stage stage() {
    return Stage.SAMPLE;
  }

  /** The details are a {@link TransformerPlan}. */
  @Override
  public StagePlan plan(RunPlanner.Job job, MemoryBudget budget) {
    TransformerPlanner.Job clip = clip(job);
    TransformerPlan smallest = planner.smallest(clip);
    HostBytes least = host(job, smallest);
    if (smallest.peakDeviceBytes() <= budget.deviceBytes()) {
      least.requireWithin(budget, "the transformer");
    }
    // What chunks of the longest kind add on Java's heap is left aside: it is a few MiB, and
    // checked below.
    long scratch = budget.hostBytes() - (least.total() - least.scratch());
    TransformerPlan plan = planner.plan(clip, budget.deviceBytes(), scratch);
    return host(job, plan).total() <= budget.hostBytes() ? made(job, plan) : made(job, smallest);
  }

  @Override
  public double leastSeconds(RunPlanner.Job job) {
    TransformerPlanner.Job clip = clip(job);
    double all = planner.leastStepSeconds(clip, clip.passes());
    double one = planner.leastStepSeconds(clip, 1);
    return job.passes().seconds(all, one, facts.transformer().layers());
  }

  private TransformerPlanner.Job clip(RunPlanner.Job job) {
    return new TransformerPlanner.Job(
        facts.grid(job),
        job.tokens().stream().map(PromptRows::new).toList(),
        job.passes().most(),
        job.passes().attention(),
        job.inputs().start() == RunPlanner.Start.FIRST_FRAME ? 2 : 1,
        job.precision(),
        job.maxResident(),
        job.passes().cache().keepsBlocks());
  }

  private StagePlan made(RunPlanner.Job job, TransformerPlan plan) {
    OptionalDouble seconds =
        OptionalDouble.of(
            job.passes()
                .seconds(plan.stepSeconds(), plan.onePassSeconds(), plan.placement().blocks()));
    return StagePlan.of(stage(), plan.deviceBytes(), host(job, plan), seconds, plan);
  }

  private HostBytes host(RunPlanner.Job job, TransformerPlan plan) {
    WanConfig config = facts.transformer();
    long chunk =
        4L
            * WanConfig.PATCH_AREA
            * (config.inChannels() + config.outChannels() + facts.controlChannels())
            * plan.run().chunks().largest();
    int passes = job.passes().most();
    long timesteps =
        job.inputs().start() == RunPlanner.Start.FIRST_FRAME
            ? BYTES_PER_TIMESTEP * facts.grid(job).tokens()
            : 0;
    // The run: latents, a velocity of each pass, the solver's history. A state being saved copies
    // latents and history, a resumed run holds the one it came from, the file's bytes come in one
    // piece per tensor. What guidance and a step cache remember is kept, and held once more by a
    // resumed run; a step cache's also as it was before the step that is being made.
    int cached = job.passes().cache().keptArrays();
    int kept = job.passes().keptArrays() + cached;
    int arrays = 1 + passes + SOLVER_HISTORY + 2 * (1 + SOLVER_HISTORY) + 1 + 2 * kept + cached;
    long widest = Math.max(6L * config.dim(), config.ffnDim()) * config.dim();
    return new HostBytes(
        HostBytes.BASE_HEAP
            + arrays * facts.latentBytes(job)
            + facts.conditionBytes(job)
            + timesteps
            + chunk
            + facts.contextHeap(job)
            + job.previewBytes(),
        facts.ringBytes(),
        plan.scratchBytes(),
        Math.max(facts.convertedBytes(widest, job.precision()), facts.adapterCopies())
            + facts.keptBlocksBytes(job));
  }
}
