// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.PinnedUpload;
import dev.wanlet.wan.memory.TextPlan;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.memory.TransformerPlanner;
import dev.wanlet.wan.memory.VaePlan;
import dev.wanlet.wan.memory.VaePlanner;
import dev.wanlet.wan.model.PromptRows;
import dev.wanlet.wan.model.TokenGrid;
import dev.wanlet.wan.model.Umt5Config;
import dev.wanlet.wan.model.VaeConfig;
import dev.wanlet.wan.model.VaeMemory;
import dev.wanlet.wan.model.WanConfig;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TypePolicy;
import java.util.List;

/**
 * Plans all stages of a run within a budget, from configurations alone. Immutable; thread-safe.
 *
 * @param transformer configuration and types of the transformer
 * @param text configuration and types of the text encoder
 * @param vae configuration of the VAE
 */
public record RunPlanner(
    Device device,
    int threads,
    DeviceRates rates,
    WanConfig transformer,
    TypePolicy transformerTypes,
    Umt5Config text,
    TypePolicy textTypes,
    VaeConfig vae) {

  /** Frames of 8-bit RGB and floats that are alive at a time while decoding. */
  private static final int FRAMES_ON_HEAP = 3;

  /** Java itself, and what parsing headers leaves behind. */
  private static final long BASE_HEAP = 64L << 20;

  /**
   * What a run asks.
   *
   * @param tokens of each prompt, the end token included: the prompt, and the negative one where
   *     guidance is on
   * @param maxResident most blocks that may stay on the device
   */
  public record Job(
      FrameSize size,
      int frames,
      int steps,
      List<Integer> tokens,
      Precision precision,
      int maxResident) {
    public Job {
      tokens = List.copyOf(tokens);
    }
  }

  /** The tokens of a clip. */
  public TokenGrid grid(Job job) {
    int stride = vae.spatialFactor();
    return TokenGrid.ofLatents(
        vae.latentFrames(job.frames()), job.size().height() / stride, job.size().width() / stride);
  }

  /**
   * Plans a run.
   *
   * @throws dev.wanlet.wan.memory.MemoryBudgetException if a stage does not fit
   */
  public RunPlan plan(Job job, MemoryBudget budget) {
    long bytes = budget.deviceBytes();
    TextPlan textPlan =
        TextPlan.plan(device, text, job.tokens(), textTypes, job.precision(), threads, bytes);
    TransformerPlan sample =
        new TransformerPlanner(transformer, transformerTypes, device, threads, rates)
            .plan(
                new TransformerPlanner.Job(
                    grid(job),
                    job.tokens().stream().map(PromptRows::new).toList(),
                    1,
                    job.precision(),
                    job.maxResident()),
                bytes);
    VaePlan decode =
        new VaePlanner(vae, device, threads)
            .decoder(
                new VaePlanner.Job(
                    job.size().width(), job.size().height(), job.frames(), job.precision()),
                bytes);
    return new RunPlan(
        bytes,
        budget.hostBytes(),
        textPlan,
        sample,
        decode.memory(),
        decode.hiddenBytes(),
        host(job, textPlan, sample, decode.memory()),
        job.steps());
  }

  private RunPlan.HostPlan host(
      Job job, TextPlan textPlan, TransformerPlan sample, VaeMemory decode) {
    long latents = 4L * transformer.outChannels() * grid(job).tokens() * WanConfig.PATCH_AREA;
    long patches =
        4L * WanConfig.PATCH_AREA * transformer.inChannels() * sample.run().chunks().largest();
    long contexts = job.tokens().stream().mapToLong(n -> 4L * n * text.dim()).sum();
    long frame = job.size().pixels() * 3;
    // Latents, velocities of each pass and the solver's history are alive together.
    long heap =
        BASE_HEAP
            + latents * (4 + job.tokens().size())
            + patches
            + contexts
            + FRAMES_ON_HEAP * frame * 5;
    long ring = device.isCpu() ? 0 : PinnedUpload.PIECE_BYTES;
    long scratch =
        Math.max(Math.max(textPlan.scratchBytes(), sample.scratchBytes()), decode.scratchBytes());
    return new RunPlan.HostPlan(heap, ring + decode.hostHistoryBytes(), scratch);
  }
}
