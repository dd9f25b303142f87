// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.OptionalDouble;

/** Plans encoding a clip's pictures or its control video with the VAE. Immutable; thread-safe. */
public record EncodeStagePlanner(ModelFacts facts) implements StagePlanner {
  /** A frame on its way to the device: in planes, in pixels, and the copy that is uploaded. */
  private static final long BYTES_PER_PIXEL = 3 * 12;

  @Override
  public Stage stage() {
    return Stage.ENCODE;
  }

  @Override
  public boolean takesPart(RunPlanner.Job job) {
    return !job.inputs().carried() && (job.hasPictures() || seesControlVideo());
  }

  /** A control branch is always shown something, if only a video of which nothing is kept. */
  private boolean seesControlVideo() {
    return facts.controlChannels() > 0;
  }

  /** The details are a {@link VaePlan}. */
  @Override
  public StagePlan plan(RunPlanner.Job job, MemoryBudget budget) {
    if (facts.vae().isEmpty()) {
      return StagePlan.unsupported(
          stage(),
          "this version cannot plan or encode with the Wan "
              + facts.latents().version()
              + " VAE; the other stages are planned");
    }
    VaePlan plan =
        new VaePlanner(facts.vae().get(), facts.device(), facts.threads())
            .encoder(
                new VaePlanner.Job(
                    job.size().width(), job.size().height(), job.encodedFrames(), job.precision()),
                budget.deviceBytes());
    HostBytes host = host(job, plan);
    host.requireWithin(budget, "the VAE encoder");
    OptionalDouble seconds = OptionalDouble.of(leastSeconds(job));
    return StagePlan.of(stage(), plan.deviceBytes(), host, seconds, plan);
  }

  @Override
  public double leastSeconds(RunPlanner.Job job) {
    int stride = facts.latents().spatialStride();
    int frames = (job.encodedFrames() - 1) / facts.latents().temporalStride() + 1;
    int height = job.size().height() / stride;
    int width = job.size().width() / stride;
    return facts
        .vae()
        .map(
            v ->
                // A control video is encoded twice: what is kept, and what is made anew.
                (seesControlVideo() ? 2 : 1) * v.encodeFlops(height, width, frames)
                    + job.inputs().references() * v.encodeFlops(height, width, 1))
        .map(flops -> flops / facts.rates().convolutionFlops())
        .orElse(0.0);
  }

  private HostBytes host(RunPlanner.Job job, VaePlan plan) {
    return new HostBytes(
        HostBytes.BASE_HEAP
            + job.inputs().bytes()
            + BYTES_PER_PIXEL * job.size().pixels()
            + facts.conditionBytes(job)
            // What is encoded, beside the noise that waits for it.
            + (job.inputs().start() == RunPlanner.Start.ENCODED ? 2 : 1) * facts.latentBytes(job)
            + facts.contextHeap(job),
        facts.ringBytes() + plan.memory().hostHistoryBytes(),
        plan.memory().scratchBytes(),
        0);
  }
}
