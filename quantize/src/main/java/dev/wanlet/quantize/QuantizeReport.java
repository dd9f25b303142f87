// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.CheckpointLayout;
import dev.wanlet.weights.lora.LoraMatch;
import dev.wanlet.weights.recipe.StoredAs;
import java.util.List;

/**
 * What a run did, or would do. Immutable.
 *
 * @param kind which network it was
 * @param layout whose tensor names the source has
 * @param recipe the quantisation recipe's name, with a note on targets
 * @param written false for a dry run
 * @param sourceBytes size of all source tensors
 * @param fileBytes size of the file, header included
 * @param tensors what became of each tensor; errors are of samples in a dry run
 * @param loras how the adapters fitted
 * @param seconds wall time
 * @param nativeBytes native memory of the conversion at its end, which is its peak
 * @param peakResidentBytes the process's largest resident size, clean file pages included; 0 where
 *     the system does not tell
 */
public record QuantizeReport(
    CheckpointKind kind,
    CheckpointLayout layout,
    String recipe,
    boolean written,
    long sourceBytes,
    long fileBytes,
    List<TensorReport> tensors,
    List<Lora> loras,
    double seconds,
    long nativeBytes,
    long peakResidentBytes) {

  /**
   * How an adapter fitted.
   *
   * @param file its path
   * @param strength what its changes were multiplied by
   * @param matched modules of the model that it changes
   * @param unmatched names in it that change nothing
   * @param summary the same in one line, with the reasons
   */
  public record Lora(
      String file, double strength, int matched, List<String> unmatched, String summary) {
    public Lora {
      unmatched = List.copyOf(unmatched);
    }

    static Lora of(LoraMatch match) {
      return new Lora(
          match.adapter().path().toString(),
          match.adapter().strength(),
          match.modules(),
          match.leftOut().stream().map(LoraMatch.LeftOut::name).toList(),
          match.summary());
    }
  }

  public QuantizeReport {
    tensors = List.copyOf(tensors);
    loras = List.copyOf(loras);
  }

  /** Of all weights together. */
  public ErrorStatistics totalError() {
    return tensors.stream()
        .map(TensorReport::error)
        .reduce(ErrorStatistics.NONE, ErrorStatistics::plus);
  }

  /**
   * Root of the mean, over all tensors whose type was a choice, of squared relative errors: what
   * {@link TypeOptimizer} minimises.
   */
  public double meanRelativeError() {
    return Math.sqrt(
        tensors.stream()
            .filter(t -> t.reason() != StoredAs.Reason.KEPT)
            .mapToDouble(t -> t.error().relativeRmse() * t.error().relativeRmse())
            .average()
            .orElse(0));
  }

  public long parameters() {
    return tensors.stream().mapToLong(t -> t.shape().elements()).sum();
  }

  /** Bits in the file for each parameter. */
  public double bitsPerWeight() {
    return tensors.stream().mapToLong(TensorReport::bytes).sum() * 8.0 / Math.max(1, parameters());
  }
}
