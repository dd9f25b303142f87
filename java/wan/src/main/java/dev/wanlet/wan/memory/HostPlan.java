// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/**
 * Host memory of a run, stage by stage. Clean pages of mapped weight files do not count: they go
 * when something else wants the memory. On a CPU device its buffers count as device memory, not
 * here. Immutable.
 */
public record HostPlan(Part text, Part sample, Part decode) {
  /**
   * Host memory of a stage. All sizes in bytes.
   *
   * @param heapBytes Java's heap: latents, contexts, frames
   * @param pinnedBytes the loader's ring, or past frames that the VAE keeps on the host
   * @param scratchBytes what the CPU device takes beside ggml's buffers
   * @param copyBytes what else is native: weights on their way into another type, frames in the
   *     video encoder
   */
  public record Part(long heapBytes, long pinnedBytes, long scratchBytes, long copyBytes) {
    public long totalBytes() {
      return heapBytes + pinnedBytes + scratchBytes + copyBytes;
    }
  }

  /** Host memory of a stage. */
  public Part of(Stage stage) {
    return switch (stage) {
      case TEXT -> text;
      case SAMPLE -> sample;
      case DECODE -> decode;
    };
  }

  /** The most host memory in use at any time. */
  public long totalBytes() {
    return Math.max(text.totalBytes(), Math.max(sample.totalBytes(), decode.totalBytes()));
  }
}
