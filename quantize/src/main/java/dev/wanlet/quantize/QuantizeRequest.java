// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.recipe.QuantizationRecipe;
import dev.wanlet.weights.recipe.TensorRule;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What to convert, and how. Immutable.
 *
 * @param input a weight file, an index of shards, or a folder with one of them
 * @param output where the file goes: GGUF, or safetensors if its name ends so
 * @param recipe the quantisation recipe; with a target, of what has no choice
 * @param overrides rules that come before the quantisation recipe
 * @param targetBytes choose types so that the file is at most this large
 * @param targetError choose types so that the mean relative error of the matrices is at most this
 * @param importance a file of column importance
 * @param loras adapters to merge before storing
 * @param threads worker threads, at least 1
 * @param program name and version of the program, for the file's metadata
 */
public record QuantizeRequest(
    Path input,
    Path output,
    QuantizationRecipe recipe,
    List<TensorRule> overrides,
    OptionalLong targetBytes,
    OptionalDouble targetError,
    Optional<Path> importance,
    List<AdapterFile> loras,
    int threads,
    String program) {

  public QuantizeRequest {
    overrides = List.copyOf(overrides);
    loras = List.copyOf(loras);
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", expected at least 1");
    }
    if (targetBytes.isPresent() && targetError.isPresent()) {
      throw new IllegalArgumentException("give a target size or a target error, not both");
    }
    boolean target = targetBytes.isPresent() || targetError.isPresent();
    if (target && !recipe.base().isQuantized()) {
      throw new IllegalArgumentException(
          recipe.name()
              + " quantises no matrix, so there are no types to choose for a target size or error;"
              + " leave the target out, or give a type that quantises, such as Q4_K_M");
    }
    if (targetBytes.isPresent() && targetBytes.getAsLong() <= 0) {
      throw new IllegalArgumentException("the target size is " + targetBytes.getAsLong());
    }
    if (targetError.isPresent()
        && !(targetError.getAsDouble() > 0 && targetError.getAsDouble() < 1)) {
      throw new IllegalArgumentException(
          "the target error is " + targetError.getAsDouble() + ", expected between 0 and 1");
    }
  }

  /** A plain conversion with all cores. */
  public static QuantizeRequest of(Path input, Path output, QuantizationRecipe recipe) {
    return new QuantizeRequest(
        input,
        output,
        recipe,
        List.of(),
        OptionalLong.empty(),
        OptionalDouble.empty(),
        Optional.empty(),
        List.of(),
        Runtime.getRuntime().availableProcessors(),
        "wanlet");
  }

  boolean hasTarget() {
    return targetBytes.isPresent() || targetError.isPresent();
  }

  boolean writesSafetensors() {
    return output.toString().toLowerCase(java.util.Locale.ROOT).endsWith(".safetensors");
  }
}
