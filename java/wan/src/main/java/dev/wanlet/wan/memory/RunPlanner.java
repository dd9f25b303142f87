// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.nn.Precision;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Plans all stages of a run within a budget, from configurations alone. Immutable; thread-safe.
 *
 * @param facts the model, and the device
 * @param stages in the order they run
 */
public record RunPlanner(ModelFacts facts, List<StagePlanner> stages) {
  public RunPlanner {
    stages = List.copyOf(stages);
  }

  /** What latents are before the first step. */
  public enum Start {
    /** Noise alone; pictures stand beside it, if there are any. */
    NOISE,
    /** Noise behind a first latent frame that a picture gives. */
    FIRST_FRAME,
    /** A picture or a video, encoded, with as much noise as the first step takes away. */
    ENCODED
  }

  /**
   * What a clip is made from beside its prompts. Immutable.
   *
   * @param bytes host memory that its pictures and videos take until they are encoded; 0 if there
   *     are none
   * @param start what the latents begin as
   * @param references pictures to refer to, each of which is a latent frame in front of the clip's
   * @param carried whether a saved run brings all that they give, so that nothing is encoded
   */
  public record Inputs(long bytes, Start start, int references, boolean carried) {
    /** Prompts alone. */
    public static final Inputs NONE = new Inputs(0, Start.NOISE, 0);

    /** What is to be encoded. */
    public Inputs(long bytes, Start start, int references) {
      this(bytes, start, references, false);
    }
  }

  /**
   * What a run asks.
   *
   * @param tokens of each prompt, the end token included: the prompt, and the negative one where it
   *     has an effect
   * @param maxResident most blocks that may stay on the device
   * @param passes what guidance makes of the steps
   * @param inputs pictures and videos
   * @param encoded tokens of those prompts that are to be encoded: not those kept from earlier runs
   * @param previewBytes host memory that previews take
   */
  public record Job(
      FrameSize size,
      int frames,
      int steps,
      List<Integer> tokens,
      Precision precision,
      int maxResident,
      StepPasses passes,
      Inputs inputs,
      List<Integer> encoded,
      long previewBytes) {
    public Job {
      tokens = List.copyOf(tokens);
      encoded = List.copyOf(encoded);
    }

    /** A job whose prompts are all to be encoded, and which shows nothing on the way. */
    public Job(
        FrameSize size,
        int frames,
        int steps,
        List<Integer> tokens,
        Precision precision,
        int maxResident,
        StepPasses passes,
        Inputs inputs) {
      this(size, frames, steps, tokens, precision, maxResident, passes, inputs, tokens, 0);
    }

    /** A job from prompts alone, whose every step takes as many passes as there are prompts. */
    public Job(
        FrameSize size,
        int frames,
        int steps,
        List<Integer> tokens,
        Precision precision,
        int maxResident) {
      this(
          size,
          frames,
          steps,
          tokens,
          precision,
          maxResident,
          StepPasses.plain(steps, tokens.size()),
          Inputs.NONE);
    }

    /** Frames that go through the VAE's encoder. */
    public int encodedFrames() {
      return inputs.start() == Start.FIRST_FRAME ? 1 : frames;
    }

    /** Whether the clip has pictures that go through the VAE. */
    public boolean hasPictures() {
      return inputs.bytes() > 0;
    }

    /** The same for a clip of another size. */
    public Job with(FrameSize otherSize, int otherFrames) {
      return with(otherSize, otherFrames, encoded, previewBytes);
    }

    /**
     * The same of which some prompts are encoded already.
     *
     * @param left tokens of each of the others
     */
    public Job encoding(List<Integer> left) {
      return with(size, frames, left, previewBytes);
    }

    /** The same with previews that take so much host memory. */
    public Job previewing(long hostBytes) {
      return with(size, frames, encoded, hostBytes);
    }

    private Job with(FrameSize s, int f, List<Integer> left, long previews) {
      return new Job(s, f, steps, tokens, precision, maxResident, passes, inputs, left, previews);
    }
  }

  /**
   * What fits a budget that the run itself does not fit.
   *
   * @param frames the longest clip of the size that was asked for
   * @param size the largest of the given sizes, for a clip of the length that was asked for
   */
  public record Alternatives(OptionalInt frames, Optional<FrameSize> size) {}

  /**
   * Plans a run.
   *
   * @throws MemoryBudgetException if it does not fit; it names the smallest budget that would do
   *     for all stages
   */
  public RunPlan plan(Job job, MemoryBudget budget) {
    RunPlan plan = planWithin(job, budget);
    if (budget.shared() && plan.peakDeviceBytes() + plan.hostBytes() > budget.hostBytes()) {
      // The CPU device computes in host memory: what the rest takes is not there for its buffers.
      long rest = Math.max(0, budget.hostBytes() - plan.hostBytes());
      return planWithin(job, new MemoryBudget(rest, budget.hostBytes(), true));
    }
    return plan;
  }

  /** The planners of those stages that a run goes through. */
  private List<StagePlanner> taking(Job job) {
    return stages.stream().filter(stage -> stage.takesPart(job)).toList();
  }

  /** The least time that a run can be predicted to take, in seconds, whatever the budget. */
  public double leastSeconds(Job job) {
    return taking(job).stream().mapToDouble(stage -> stage.leastSeconds(job)).sum();
  }

  private RunPlan planWithin(Job job, MemoryBudget budget) {
    List<MemoryBudgetException> refusals = new ArrayList<>();
    List<StagePlan> plans = new ArrayList<>();
    for (StagePlanner stage : taking(job)) {
      try {
        plans.add(stage.plan(job, budget));
      } catch (MemoryBudgetException e) {
        refusals.add(e);
      }
    }
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
        plans,
        job.steps(),
        job.passes(),
        job.passes().keptArrays() * facts.latentBytes(job),
        facts.keptBlocksBytes(job) + job.passes().cache().keptArrays() * facts.latentBytes(job));
  }

  /**
   * Plans one stage anew, the others staying as they are.
   *
   * @throws MemoryBudgetException if it does not fit
   */
  public RunPlan replan(RunPlan plan, Stage stage, Job job, MemoryBudget budget) {
    StagePlanner planner =
        stages.stream().filter(s -> s.stage().equals(stage)).findFirst().orElseThrow();
    return plan.with(planner.plan(job, budget), budget);
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
    int stride = facts.latents().temporalStride();
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
