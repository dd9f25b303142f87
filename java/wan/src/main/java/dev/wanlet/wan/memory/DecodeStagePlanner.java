// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.OptionalDouble;

/** Plans decoding with the VAE, and writing the frames. Immutable; thread-safe. */
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

  /** The details are a {@link VaePlan}. */
  @Override
  public StagePlan plan(RunPlanner.Job job, MemoryBudget budget) {
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
    HostBytes host = host(job, plan);
    host.requireWithin(budget, "the VAE");
    OptionalDouble seconds = OptionalDouble.of(leastSeconds(job));
    return StagePlan.of(stage(), plan.deviceBytes(), host, seconds, plan);
  }

  @Override
  public double leastSeconds(RunPlanner.Job job) {
    int stride = facts.latents().spatialStride();
    int frames = (job.frames() - 1) / facts.latents().temporalStride() + 1;
    return facts
        .vae()
        .map(v -> v.decodeFlops(job.size().height() / stride, job.size().width() / stride, frames))
        .map(flops -> flops / facts.rates().convolutionFlops())
        .orElse(0.0);
  }

  private HostBytes host(RunPlanner.Job job, VaePlan plan) {
    long frames = FRAMES_ON_HEAP * BYTES_PER_PIXEL * job.size().pixels();
    long encoder = ENCODER_FRAMES * job.size().pixels() * 3 / 2;
    return new HostBytes(
        HostBytes.BASE_HEAP + 2 * facts.latentBytes(job) + frames,
        facts.ringBytes() + plan.memory().hostHistoryBytes(),
        plan.memory().scratchBytes(),
        encoder);
  }
}
