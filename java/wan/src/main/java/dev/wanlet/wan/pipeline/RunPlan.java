// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.memory.TextPlan;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.model.VaeMemory;

/**
 * What a run will take, stage by stage; stages follow each other, so the run's peak is the largest
 * of theirs. Made before any weight is read. Immutable.
 *
 * @param budgetBytes most device memory the run may use
 * @param hostBudgetBytes most host memory it may use beside clean mapped pages
 * @param vae the decoder's memory and settings
 * @param vaeHiddenBytes bound of what the backend takes by itself while decoding
 * @param steps sampling steps
 */
public record RunPlan(
    long budgetBytes,
    long hostBudgetBytes,
    TextPlan text,
    TransformerPlan transformer,
    VaeMemory vae,
    long vaeHiddenBytes,
    HostPlan host,
    int steps) {

  /**
   * Host memory of a run. All sizes in bytes.
   *
   * @param heapBytes Java's heap: latents, contexts, frames
   * @param pinnedBytes the loader's ring and caches of the VAE kept on the host
   * @param scratchBytes what the CPU device takes beside ggml's buffers
   */
  public record HostPlan(long heapBytes, long pinnedBytes, long scratchBytes) {
    public long totalBytes() {
      return heapBytes + pinnedBytes + scratchBytes;
    }
  }

  /** Most device memory in use during a stage. */
  public long peakDeviceBytes(Stage stage) {
    return switch (stage) {
      case TEXT -> text.peakDeviceBytes();
      case SAMPLE -> transformer.peakDeviceBytes();
      case DECODE -> vae.peakBytes() + vaeHiddenBytes;
    };
  }

  /** Most device memory in use at any time. */
  public long peakDeviceBytes() {
    long peak = 0;
    for (Stage stage : Stage.values()) {
      peak = Math.max(peak, peakDeviceBytes(stage));
    }
    return peak;
  }

  /** Most bytes in ggml's buffers at any time: what measuring buffers shows. */
  public long peakBufferBytes() {
    return Math.max(text.bufferBytes(), Math.max(transformer.bufferBytes(), vae.peakBytes()));
  }

  /** One line for people. */
  public String summary() {
    int blocks = transformer.placement().blocks();
    int resident = transformer.placement().resident();
    return String.format(
        "plan: peak %s of %s (text %s, transformer %s, VAE %s); %d of %d blocks resident, chunks of"
            + " %d tokens, %s uploaded a step",
        Bytes.text(peakDeviceBytes()),
        Bytes.text(budgetBytes),
        Bytes.text(text.peakDeviceBytes()),
        Bytes.text(transformer.peakDeviceBytes()),
        Bytes.text(peakDeviceBytes(Stage.DECODE)),
        resident,
        blocks,
        Math.min(transformer.run().chunks().rows(), transformer.run().chunks().tokens()),
        Bytes.text(transformer.uploadBytesPerStep()));
  }
}
