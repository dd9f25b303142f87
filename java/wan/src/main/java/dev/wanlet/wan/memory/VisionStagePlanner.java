// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.model.clip.ClipConfig;
import java.util.OptionalDouble;

/** Plans showing a clip's pictures to CLIP. Immutable; thread-safe. */
public record VisionStagePlanner(ModelFacts facts) implements StagePlanner {
  /** A picture on its way to the device: as it is, normalised, and cut into patches. */
  private static final long COPIES_OF_PICTURE = 3;

  private static final int RGB = 3;

  @Override
  public Stage stage() {
    return Stage.SEE;
  }

  @Override
  public boolean takesPart(RunPlanner.Job job) {
    return job.hasPictures() && facts.vision().isPresent();
  }

  /** The details are a {@link VisionPlan}. */
  @Override
  public StagePlan plan(RunPlanner.Job job, MemoryBudget budget) {
    VisionPlan plan =
        VisionPlan.plan(
            facts.device(),
            facts.vision().orElseThrow(),
            pictures(),
            job.precision(),
            facts.threads(),
            budget.deviceBytes());
    HostBytes host = host(job, plan);
    host.requireWithin(budget, "the CLIP image encoder");
    double loading =
        plan.uploadBytes() / facts.rates().streamedBytesPerSecond(plan.uploadBytes(), 0);
    OptionalDouble seconds = OptionalDouble.of(Math.max(leastSeconds(job), loading));
    return StagePlan.of(stage(), plan.deviceBytes(), host, seconds, plan);
  }

  @Override
  public double leastSeconds(RunPlanner.Job job) {
    ClipConfig config = facts.vision().orElseThrow().config();
    return pictures() * facts.rates().productSeconds(config.tokens(), config.flopsPerToken());
  }

  private int pictures() {
    return facts.transformer().variant().pictures();
  }

  private HostBytes host(RunPlanner.Job job, VisionPlan plan) {
    ClipConfig config = facts.vision().orElseThrow().config();
    long pixels = (long) config.imageSize() * config.imageSize() * RGB;
    long widest = (long) config.mlpDim() * config.dim();
    return new HostBytes(
        HostBytes.BASE_HEAP
            + job.inputs().bytes()
            + COPIES_OF_PICTURE * pictures() * Float.BYTES * pixels
            + facts.conditionBytes(job)
            + facts.contextHeap(job),
        facts.ringBytes(),
        plan.scratchBytes(),
        facts.convertedBytes(widest, job.precision()));
  }
}
