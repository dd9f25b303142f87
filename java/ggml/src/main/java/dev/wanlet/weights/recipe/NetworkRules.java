// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.wanlet.ggml.Shape;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a network's file is called and which of its tensors are never quantised, whatever the
 * quantisation recipe. Immutable.
 *
 * @param architecture the value of {@code general.architecture} in GGUF
 * @param f32 patterns of names that are stored as F32
 * @param half patterns of names that are stored in a 16-bit float
 */
record NetworkRules(String architecture, List<Pattern> f32, List<Pattern> half) {
  /** Tensors of so many elements or fewer are stored as F32: they cost nothing. */
  private static final long SMALL_ELEMENTS = 1024;

  NetworkRules {
    f32 = List.copyOf(f32);
    half = List.copyOf(half);
  }

  @JsonCreator
  static NetworkRules read(
      @JsonProperty(value = "architecture", required = true) String architecture,
      @JsonProperty(value = "f32", required = true) List<String> f32,
      @JsonProperty(value = "half", required = true) List<String> half) {
    return new NetworkRules(architecture, compile(f32), compile(half));
  }

  private static List<Pattern> compile(List<String> patterns) {
    return patterns.stream().map(Pattern::compile).toList();
  }

  /** Whether a tensor is stored as F32, even where everything else has 16 bits. */
  boolean keepsF32(String name, Shape shape) {
    return shape.rank() < 2 || shape.elements() <= SMALL_ELEMENTS || matches(f32, name);
  }

  /** Whether a tensor keeps at least 16 bits where matrices are quantised. */
  boolean keepsHalf(String name, Shape shape) {
    return shape.rank() != 2 || matches(half, name);
  }

  private static boolean matches(List<Pattern> patterns, String name) {
    return patterns.stream().anyMatch(p -> p.matcher(name).find());
  }
}
