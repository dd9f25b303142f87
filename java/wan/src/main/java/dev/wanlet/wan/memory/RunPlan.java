// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.Optional;

/**
 * What a run will take, stage by stage; stages follow each other, so the run's peak is the largest
 * of theirs. Made before any weight is read. Immutable.
 *
 * @param budgetBytes most device memory the run may use
 * @param hostBudgetBytes most host memory it may use beside clean mapped pages
 * @param vae how frames are decoded; empty for a VAE that this version cannot run
 * @param steps sampling steps
 */
public record RunPlan(
    long budgetBytes,
    long hostBudgetBytes,
    TextPlan text,
    TransformerPlan transformer,
    Optional<VaePlan> vae,
    HostPlan host,
    int steps) {

  /** Most device memory in use during a stage. */
  public long peakDeviceBytes(Stage stage) {
    return switch (stage) {
      case TEXT -> text.peakDeviceBytes();
      case SAMPLE -> transformer.peakDeviceBytes();
      case DECODE -> vae.map(VaePlan::peakDeviceBytes).orElse(0L);
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

  /** Most bytes in ggml's buffers during a stage: what measuring buffers shows. */
  public long bufferBytes(Stage stage) {
    return switch (stage) {
      case TEXT -> text.bufferBytes();
      case SAMPLE -> transformer.bufferBytes();
      case DECODE -> vae.map(v -> v.memory().peakBytes()).orElse(0L);
    };
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
