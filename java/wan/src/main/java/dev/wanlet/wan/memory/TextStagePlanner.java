// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.OptionalDouble;

/** Plans the text encoder. Immutable; thread-safe. */
public record TextStagePlanner(ModelFacts facts) implements StagePlanner {
  /** A piece of the tokenizer's vocabulary: text, score, and its entry in the native tokenizer. */
  private static final long BYTES_PER_PIECE = 400;

  @Override
  public Stage stage() {
    return Stage.TEXT;
  }

  /** The details are a {@link TextPlan}, or a line where no prompt is left to encode. */
  @Override
  public StagePlan plan(RunPlanner.Job job, MemoryBudget budget) {
    if (job.encoded().isEmpty()) {
      HostBytes kept = new HostBytes(HostBytes.BASE_HEAP + facts.contextHeap(job), 0, 0, 0);
      return StagePlan.of(
          stage(), DeviceBytes.NONE, kept, OptionalDouble.of(0), "all prompts are kept");
    }
    TextPlan plan =
        TextPlan.plan(
            facts.device(),
            facts.text(),
            job.encoded(),
            facts.textTypes(),
            job.precision(),
            facts.threads(),
            budget.deviceBytes());
    HostBytes host = host(job, plan);
    host.requireWithin(budget, "the text encoder");
    OptionalDouble seconds = OptionalDouble.of(Math.max(leastSeconds(job), loading(plan)));
    return StagePlan.of(stage(), plan.deviceBytes(), host, seconds, plan);
  }

  @Override
  public double leastSeconds(RunPlanner.Job job) {
    double perToken = facts.text().flopsPerToken();
    return job.encoded().stream()
        .mapToDouble(tokens -> facts.rates().productSeconds(tokens, perToken))
        .sum();
  }

  /** Each block is read once, and computing goes on meanwhile. */
  private double loading(TextPlan plan) {
    return plan.uploadBytes() / facts.rates().streamedBytesPerSecond(plan.uploadBytes(), 0);
  }

  private HostBytes host(RunPlanner.Job job, TextPlan plan) {
    long vocabulary = facts.text().vocab() * BYTES_PER_PIECE;
    long widest = (long) facts.text().dim() * facts.text().dimFfn();
    return new HostBytes(
        HostBytes.BASE_HEAP + vocabulary + facts.contextHeap(job) + job.inputs().bytes(),
        facts.ringBytes(),
        plan.scratchBytes(),
        facts.convertedBytes(widest, job.precision()));
  }
}
