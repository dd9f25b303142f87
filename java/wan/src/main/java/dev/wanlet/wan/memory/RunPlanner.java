// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults.VaeNumbers;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TypePolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * Plans all stages of a run within a budget, from configurations alone. Immutable; thread-safe.
 *
 * @param threads of a CPU device
 * @param transformer configuration of the transformer, or of each of two experts
 * @param transformerTypes types of each transformer that takes part
 * @param text configuration of the text encoder
 * @param textTypes its types
 * @param latents how latents relate to pixels and frames
 * @param vae configuration of the VAE; empty for one that this version cannot run
 */
public record RunPlanner(
    Device device,
    int threads,
    DeviceRates rates,
    WanConfig transformer,
    List<TypePolicy> transformerTypes,
    Umt5Config text,
    TypePolicy textTypes,
    VaeNumbers latents,
    Optional<VaeConfig> vae) {
  public RunPlanner {
    transformerTypes = List.copyOf(transformerTypes);
  }

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

    /** The same for a clip of another size. */
    public Job with(FrameSize otherSize, int otherFrames) {
      return new Job(otherSize, otherFrames, steps, tokens, precision, maxResident);
    }
  }

  /**
   * What fits a budget that the run itself does not fit.
   *
   * @param frames the longest clip of the size that was asked for
   * @param size the largest of the given sizes, for a clip of the length that was asked for
   */
  public record Alternatives(OptionalInt frames, Optional<FrameSize> size) {}

  /** The tokens of a clip. */
  public TokenGrid grid(Job job) {
    int stride = latents.spatialStride();
    return TokenGrid.ofLatents(
        (job.frames() - 1) / latents.temporalStride() + 1,
        job.size().height() / stride,
        job.size().width() / stride);
  }

  /**
   * Plans a run.
   *
   * @throws MemoryBudgetException if it does not fit; it names the smallest budget that would do
   *     for all stages
   */
  public RunPlan plan(Job job, MemoryBudget budget) {
    RunPlan plan = planWithin(job, budget);
    if (budget.shared() && plan.peakDeviceBytes() + plan.host().totalBytes() > budget.hostBytes()) {
      // The CPU device computes in host memory: what the rest takes is not there for its buffers.
      long rest = Math.max(0, budget.hostBytes() - plan.host().totalBytes());
      return planWithin(job, new MemoryBudget(rest, budget.hostBytes(), true));
    }
    return plan;
  }

  private RunPlan planWithin(Job job, MemoryBudget budget) {
    List<MemoryBudgetException> refusals = new ArrayList<>();
    HostPlanner hosts = new HostPlanner(this, job);
    TextPlan textPlan = attempt(refusals, () -> text(job, budget));
    TransformerPlan sample = attempt(refusals, () -> sample(job, budget));
    Optional<VaePlan> decode = attempt(refusals, () -> decode(job, budget));
    if (!refusals.isEmpty()) {
      throw refusals.stream()
          .max(
              Comparator.comparing(MemoryBudgetException::kind)
                  .reversed()
                  .thenComparingLong(MemoryBudgetException::neededBytes))
          .orElseThrow();
    }
    return new RunPlan(
        budget.deviceBytes(),
        budget.hostBytes(),
        textPlan,
        sample,
        decode,
        new HostPlan(
            hosts.text(textPlan),
            hosts.sample(sample),
            decode.map(hosts::decode).orElse(new HostPlan.Part(0, 0, 0, 0))),
        job.steps());
  }

  private static <T> T attempt(List<MemoryBudgetException> refusals, Supplier<T> stage) {
    try {
      return stage.get();
    } catch (MemoryBudgetException e) {
      refusals.add(e);
      return null;
    }
  }

  /**
   * Plans one stage anew, the others staying as they are.
   *
   * @throws MemoryBudgetException if it does not fit
   */
  public RunPlan replan(RunPlan plan, Stage stage, Job job, MemoryBudget budget) {
    HostPlanner hosts = new HostPlanner(this, job);
    TextPlan textPlan = stage == Stage.TEXT ? text(job, budget) : plan.text();
    TransformerPlan sample = stage == Stage.SAMPLE ? sample(job, budget) : plan.transformer();
    Optional<VaePlan> decode = stage == Stage.DECODE ? decode(job, budget) : plan.vae();
    return new RunPlan(
        budget.deviceBytes(),
        budget.hostBytes(),
        textPlan,
        sample,
        decode,
        new HostPlan(
            hosts.text(textPlan),
            hosts.sample(sample),
            decode.map(hosts::decode).orElse(plan.host().decode())),
        plan.steps());
  }

  private TextPlan text(Job job, MemoryBudget budget) {
    TextPlan plan =
        TextPlan.plan(
            device, text, job.tokens(), textTypes, job.precision(), threads, budget.deviceBytes());
    requireHost("the text encoder", new HostPlanner(this, job).text(plan), budget);
    return plan;
  }

  private TransformerPlan sample(Job job, MemoryBudget budget) {
    TransformerPlanner planner =
        new TransformerPlanner(transformer, transformerTypes, device, threads, rates);
    TransformerPlanner.Job clip =
        new TransformerPlanner.Job(
            grid(job),
            job.tokens().stream().map(PromptRows::new).toList(),
            1,
            job.precision(),
            job.maxResident());
    HostPlanner hosts = new HostPlanner(this, job);
    TransformerPlan smallest = planner.smallest(clip);
    if (smallest.peakDeviceBytes() <= budget.deviceBytes()) {
      requireHost("the transformer", hosts.sample(smallest), budget);
    }
    // What chunks of the longest kind add on Java's heap is left aside: it is a few MiB, and
    // checked below.
    HostPlan.Part least = hosts.sample(smallest);
    long scratch = budget.hostBytes() - (least.totalBytes() - least.scratchBytes());
    TransformerPlan plan = planner.plan(clip, budget.deviceBytes(), scratch);
    return hosts.sample(plan).totalBytes() <= budget.hostBytes() ? plan : smallest;
  }

  private static void requireHost(String stage, HostPlan.Part part, MemoryBudget budget) {
    if (part.totalBytes() > budget.hostBytes()) {
      throw new MemoryBudgetException(
          MemoryBudgetException.Kind.HOST, stage, part.totalBytes(), budget.hostBytes(), "");
    }
  }

  private Optional<VaePlan> decode(Job job, MemoryBudget budget) {
    if (vae.isEmpty()) {
      return Optional.empty();
    }
    VaePlan plan =
        new VaePlanner(vae.get(), device, threads)
            .decoder(
                new VaePlanner.Job(
                    job.size().width(), job.size().height(), job.frames(), job.precision()),
                budget.deviceBytes());
    requireHost("the VAE", new HostPlanner(this, job).decode(plan), budget);
    return Optional.of(plan);
  }

  /**
   * Looks for clips that do fit.
   *
   * @param sizes to try, such as those the model was trained at
   */
  public Alternatives alternatives(Job job, MemoryBudget budget, List<FrameSize> sizes) {
    Optional<FrameSize> size =
        sizes.stream()
            .filter(s -> s.pixels() < job.size().pixels())
            .sorted(Comparator.comparingLong(FrameSize::pixels).reversed())
            .filter(s -> fits(job.with(s, job.frames()), budget))
            .findFirst();
    int stride = latents.temporalStride();
    int fitting = -1;
    int refused = (job.frames() - 1) / stride;
    while (refused - fitting > 1) {
      int middle = (fitting + refused) / 2;
      if (fits(job.with(job.size(), middle * stride + 1), budget)) {
        fitting = middle;
      } else {
        refused = middle;
      }
    }
    return new Alternatives(
        fitting < 0 ? OptionalInt.empty() : OptionalInt.of(fitting * stride + 1), size);
  }

  private boolean fits(Job job, MemoryBudget budget) {
    try {
      plan(job, budget);
      return true;
    } catch (MemoryBudgetException e) {
      return false;
    }
  }
}
