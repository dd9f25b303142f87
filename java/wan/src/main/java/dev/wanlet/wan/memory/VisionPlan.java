// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.clip.ClipMemory;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import java.util.List;

/**
 * How CLIP works on the pictures. Each of its blocks is used once, so keeping blocks would save
 * nothing: all are streamed. Immutable.
 *
 * @param precision how exactly it computes
 * @param placement which blocks stay: none
 * @param outerBytes weights around the blocks
 * @param slotBytes all slots together
 * @param uploadBytes of all blocks, each of which goes to the device once
 * @param stateBytes residual streams of all pictures
 * @param computeBytes intermediate results
 * @param hiddenBytes bound of what the backend takes by itself
 * @param scratchBytes host memory the CPU device takes beside
 */
public record VisionPlan(
    Precision precision,
    Placement placement,
    long outerBytes,
    long slotBytes,
    long uploadBytes,
    long stateBytes,
    long computeBytes,
    long hiddenBytes,
    long scratchBytes) {

  /**
   * Fits CLIP into a budget.
   *
   * @throws MemoryBudgetException if it does not fit
   */
  static VisionPlan plan(
      Device device,
      ModelFacts.Vision vision,
      int pictures,
      Precision precision,
      int threads,
      long budgetBytes) {
    ClipConfig config = vision.config();
    ClipMemory memory = ClipMemory.plan(device, config, pictures, vision.types(), threads);
    int blocks = memory.blockBytes().size();
    long largest = memory.blockBytes().stream().mapToLong(Long::longValue).max().orElseThrow();
    HiddenMemory.Matrix largestMatrix =
        new HiddenMemory.Matrix("transformer.0.mlp.0.weight", config.mlpDim(), config.dim());
    long hidden =
        HiddenMemory.bytes(
            device,
            config.tokens(),
            config.mlpDim(),
            (long) config.mlpDim() * config.dim(),
            HiddenMemory.widenedElements(vision.types(), List.of(largestMatrix)));
    VisionPlan plan = null;
    for (int slots = 2; slots >= 1; slots--) {
      Placement placement = Placement.allStreamed(blocks, slots);
      plan =
          new VisionPlan(
              precision,
              placement,
              memory.outerBytes(),
              largest * Math.max(1, placement.slots()),
              memory.blockBytes().stream().mapToLong(Long::longValue).sum(),
              memory.stateBytes(),
              memory.computeBytes(),
              hidden,
              memory.scratchBytes());
      if (plan.deviceBytes().peak() <= budgetBytes) {
        return plan;
      }
    }
    throw new MemoryBudgetException(
        "the CLIP image encoder", plan.deviceBytes().peak(), budgetBytes, "");
  }

  /** Where the device memory goes. */
  public DeviceBytes deviceBytes() {
    return new DeviceBytes(outerBytes, 0, slotBytes, stateBytes, computeBytes, hiddenBytes);
  }
}
