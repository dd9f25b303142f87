// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.catalog.TaeFile;
import java.util.OptionalDouble;

/**
 * Plans decoding with the VAE or a small decoder, and writing the frames. Immutable; thread-safe.
 */
public record DecodeStagePlanner(ModelFacts facts) implements StagePlanner {
  /** Floats and 8-bit copies of a pixel's three channels: 12 + 12 + 3 + 3 bytes. */
  private static final long BYTES_PER_PIXEL = 30;

  /** Frames that wait for the garbage collector beside the one at hand. */
  private static final int FRAMES_ON_HEAP = 3;

  /** Pictures of 4:2:0 that a video encoder holds: look-ahead, references and its threads. */
  private static final int ENCODER_FRAMES = 64;

  @Override
  public Stage stage() {
    return Stage.DECODE;
  }

  /** The details are a {@link VaePlan}, or a {@link TaePlan}. */
  @Override
  public StagePlan plan(RunPlanner.Job job, MemoryBudget budget) {
    return facts.tae().isPresent()
        ? planSmall(facts.tae().get(), job, budget)
        : planVae(job, budget);
  }

  private StagePlan planSmall(TaeFile file, RunPlanner.Job job, MemoryBudget budget) {
    TaePlan plan =
        new TaePlanner(file, facts.device(), facts.threads())
            .plan(job.size(), job.precision(), budget.deviceBytes());
    HostBytes host = host(job, plan.memory().hostHistoryBytes(), plan.memory().scratchBytes());
    host.requireWithin(budget, "the small decoder");
    OptionalDouble seconds = OptionalDouble.of(leastSeconds(job));
    return StagePlan.of(stage(), plan.deviceBytes(), host, seconds, plan);
  }

  private StagePlan planVae(RunPlanner.Job job, MemoryBudget budget) {
    if (facts.vae().isEmpty()) {
      return StagePlan.unsupported(
          stage(),
          "this version cannot plan or decode with the Wan "
              + facts.latents().version()
              + " VAE; the other stages are planned");
    }
    VaePlan plan =
        new VaePlanner(facts.vae().get(), facts.device(), facts.threads())
            .decoder(
                new VaePlanner.Job(
                    job.size().width(), job.size().height(), job.frames(), job.precision()),
                budget.deviceBytes());
    HostBytes host = host(job, plan.memory().hostHistoryBytes(), plan.memory().scratchBytes());
    host.requireWithin(budget, "the VAE");
    OptionalDouble seconds = OptionalDouble.of(leastSeconds(job));
    return StagePlan.of(stage(), plan.deviceBytes(), host, seconds, plan);
  }

  @Override
  public double leastSeconds(RunPlanner.Job job) {
    int stride = facts.latents().spatialStride();
    int frames = (job.frames() - 1) / facts.latents().temporalStride() + 1;
    int height = job.size().height() / stride;
    int width = job.size().width() / stride;
    return facts
        .tae()
        .map(t -> t.config().flops(height, width, frames))
        .or(() -> facts.vae().map(v -> v.decodeFlops(height, width, frames)))
        .map(flops -> flops / facts.rates().convolutionFlops())
        .orElse(0.0);
  }

  private HostBytes host(RunPlanner.Job job, long histories, long scratch) {
    long frames = FRAMES_ON_HEAP * BYTES_PER_PIXEL * job.size().pixels();
    long encoder = ENCODER_FRAMES * job.size().pixels() * 3 / 2;
    return new HostBytes(
        HostBytes.BASE_HEAP + 2 * facts.latentBytes(job) + facts.conditionBytes(job) + frames,
        facts.ringBytes() + histories,
        scratch,
        encoder);
  }
}
