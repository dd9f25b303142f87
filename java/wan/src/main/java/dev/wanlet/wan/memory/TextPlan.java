// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Memory;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TypePolicy;
import java.util.List;

/**
 * How the text encoder works on the prompts. Each of its blocks is used once, so keeping blocks
 * would save nothing: all are streamed. Immutable.
 *
 * @param precision how exactly it computes
 * @param placement which blocks stay: none
 * @param outerBytes weights around the blocks
 * @param slotBytes all slots together
 * @param uploadBytes of all blocks, each of which goes to the device once
 * @param stateBytes residual streams of all prompts
 * @param computeBytes intermediate results
 * @param hiddenBytes bound of what the backend takes by itself
 * @param scratchBytes host memory the CPU device takes beside
 */
public record TextPlan(
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
   * Fits the encoder into a budget.
   *
   * @param tokens how many each prompt has
   * @throws MemoryBudgetException if it does not fit
   */
  public static TextPlan plan(
      Device device,
      Umt5Config config,
      List<Integer> tokens,
      TypePolicy types,
      Precision precision,
      int threads,
      long budgetBytes) {
    Umt5Memory memory = Umt5Memory.plan(device, config, tokens, types, precision, threads);
    int blocks = memory.blockBytes().size();
    long largest = memory.blockBytes().stream().mapToLong(Long::longValue).max().orElseThrow();
    int rows = tokens.stream().mapToInt(Integer::intValue).max().orElseThrow();
    HiddenMemory.Matrix largestMatrix =
        new HiddenMemory.Matrix("blocks.0.ffn.fc1.weight", config.dimFfn(), config.dim());
    long hidden =
        HiddenMemory.bytes(
            device,
            rows,
            config.dimFfn(),
            (long) config.dimFfn() * config.dim(),
            HiddenMemory.widenedElements(types, List.of(largestMatrix)));
    TextPlan plan = null;
    for (int slots = Math.min(2, blocks - 1); slots >= 0; slots--) {
      boolean resident = blocks == 1;
      if (slots == 0 && !resident) {
        break;
      }
      plan =
          new TextPlan(
              precision,
              resident ? Placement.allResident(1) : new Placement(blocks, 0, slots),
              memory.outerBytes(),
              largest * Math.max(1, slots),
              memory.blockBytes().stream().mapToLong(Long::longValue).sum(),
              memory.stateBytes(),
              memory.computeBytes(),
              hidden,
              memory.scratchBytes());
      if (plan.peakDeviceBytes() <= budgetBytes) {
        return plan;
      }
    }
    throw new MemoryBudgetException("the text encoder", plan.peakDeviceBytes(), budgetBytes, "");
  }

  /** Where the device memory goes. */
  public DeviceBytes deviceBytes() {
    return new DeviceBytes(outerBytes, 0, slotBytes, stateBytes, computeBytes, hiddenBytes);
  }

  /** The most device memory in use. */
  public long peakDeviceBytes() {
    return deviceBytes().peak();
  }
}
