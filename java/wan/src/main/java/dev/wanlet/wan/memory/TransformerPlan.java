// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.nn.Placement;

/**
 * How the transformer works on a clip, and every byte that takes. Immutable.
 *
 * @param run the clip, cut into chunks
 * @param placement which blocks stay
 * @param outerBytes weights around the blocks
 * @param residentBytes blocks that stay
 * @param slotBytes all slots together
 * @param stateBytes tensors that live through the clip
 * @param computeBytes intermediate results of one chunk
 * @param hiddenBytes bound of what the backend takes by itself
 * @param scratchBytes host memory the CPU device takes beside
 * @param uploadBytesPerStep weights that go to the device in each step
 * @param stepSeconds predicted time of a step, all passes
 * @param onePassSeconds predicted time of a step that takes the pass with the prompt alone
 * @param attentionSeconds what attention guidance adds to each step of these; 0 without
 */
public record TransformerPlan(
    WanRun run,
    Placement placement,
    long outerBytes,
    long residentBytes,
    long slotBytes,
    long stateBytes,
    long computeBytes,
    long hiddenBytes,
    long scratchBytes,
    long uploadBytesPerStep,
    double stepSeconds,
    double onePassSeconds,
    double attentionSeconds) {

  /** Where the device memory goes. */
  public DeviceBytes deviceBytes() {
    return new DeviceBytes(
        outerBytes, residentBytes, slotBytes, stateBytes, computeBytes, hiddenBytes);
  }

  /** The most device memory in use. */
  public long peakDeviceBytes() {
    return deviceBytes().peak();
  }
}
