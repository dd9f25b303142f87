// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.nn.Precision;
import java.util.stream.IntStream;

/** Bounds the host memory of each stage by formula. Immutable. */
final class HostPlanner {
  /** Java itself, and what parsing headers leaves behind. */
  private static final long BASE_HEAP = 64L << 20;

  /** A piece of the tokenizer's vocabulary: text, score, and its entry in the native tokenizer. */
  private static final long BYTES_PER_PIECE = 400;

  /** Contexts, the embedded tokens they are made from, and the copy on its way to the device. */
  private static final int COPIES_OF_CONTEXT = 3;

  /** Earlier predictions that the solver of the longest memory keeps. */
  private static final int SOLVER_HISTORY = 4;

  /** Floats and 8-bit copies of a pixel's three channels: 12 + 12 + 3 + 3 bytes. */
  private static final long BYTES_PER_PIXEL = 30;

  /** Frames that wait for the garbage collector beside the one at hand. */
  private static final int FRAMES_ON_HEAP = 3;

  /** Pictures of 4:2:0 that a video encoder holds: look-ahead, references and its threads. */
  private static final int ENCODER_FRAMES = 64;

  private final RunPlanner planner;
  private final RunPlanner.Job job;

  HostPlanner(RunPlanner planner, RunPlanner.Job job) {
    this.planner = planner;
    this.job = job;
  }

  HostPlan.Part text(TextPlan plan) {
    long heap =
        BASE_HEAP + planner.text().vocab() * BYTES_PER_PIECE + COPIES_OF_CONTEXT * contexts();
    long widest = (long) planner.text().dim() * planner.text().dimFfn();
    return new HostPlan.Part(heap, ring(), plan.scratchBytes(), converted(widest));
  }

  HostPlan.Part sample(TransformerPlan plan) {
    WanConfig config = planner.transformer();
    long latents = latents();
    long chunk =
        4L
            * WanConfig.PATCH_AREA
            * (config.inChannels() + config.outChannels())
            * plan.run().chunks().largest();
    int passes = job.tokens().size();
    // The run: latents, a velocity of each pass, the solver's history. A state being saved copies
    // latents and history, a resumed run holds the one it came from, the file's bytes come in one
    // piece per tensor.
    int arrays = 1 + passes + SOLVER_HISTORY + 2 * (1 + SOLVER_HISTORY) + 1;
    long widest = Math.max(6L * config.dim(), config.ffnDim()) * config.dim();
    return new HostPlan.Part(
        BASE_HEAP + arrays * latents + chunk + COPIES_OF_CONTEXT * contexts(),
        ring(),
        plan.scratchBytes(),
        converted(widest));
  }

  HostPlan.Part decode(VaePlan plan) {
    long frames = FRAMES_ON_HEAP * BYTES_PER_PIXEL * job.size().pixels();
    long encoder = ENCODER_FRAMES * job.size().pixels() * 3 / 2;
    return new HostPlan.Part(
        BASE_HEAP + 2 * latents() + frames,
        plan.memory().hostHistoryBytes(),
        plan.memory().scratchBytes(),
        encoder);
  }

  private long latents() {
    return 4L
        * planner.transformer().outChannels()
        * planner.grid(job).tokens()
        * WanConfig.PATCH_AREA;
  }

  private long contexts() {
    return 4L
        * planner.text().dim()
        * IntStream.range(0, job.tokens().size()).mapToLong(i -> job.tokens().get(i)).sum();
  }

  private long ring() {
    return planner.device().isCpu() ? 0 : PinnedUpload.PIECE_BYTES;
  }

  /** The largest weight that may pass through memory because it changes its type on the way. */
  private long converted(long elements) {
    if (job.precision() == Precision.F32) {
      return Float.BYTES * elements;
    }
    // Graphics cards take F16 weights as BF16; a CPU computes with what files hold.
    return planner.device().isCpu() ? 0 : Short.BYTES * elements;
  }
}
