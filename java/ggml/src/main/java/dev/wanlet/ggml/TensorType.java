// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element types ggml knows, with the layout of their blocks. Immutable.
 *
 * <p>Source: ggml.h, {@code enum ggml_type}; block sizes as {@code ggml_blck_size} and {@code
 * ggml_type_size} report them (a test compares).
 */
public enum TensorType {
  F32(0, 1, 4, false),
  F16(1, 1, 2, false),
  Q4_0(2, 32, 18, true),
  Q4_1(3, 32, 20, true),
  Q5_0(6, 32, 22, true),
  Q5_1(7, 32, 24, true),
  Q8_0(8, 32, 34, true),
  Q8_1(9, 32, 36, true),
  Q2_K(10, 256, 84, true),
  Q3_K(11, 256, 110, true),
  Q4_K(12, 256, 144, true),
  Q5_K(13, 256, 176, true),
  Q6_K(14, 256, 210, true),
  Q8_K(15, 256, 292, true),
  IQ2_XXS(16, 256, 66, true),
  IQ2_XS(17, 256, 74, true),
  IQ3_XXS(18, 256, 98, true),
  IQ1_S(19, 256, 50, true),
  IQ4_NL(20, 32, 18, true),
  IQ3_S(21, 256, 110, true),
  IQ2_S(22, 256, 82, true),
  IQ4_XS(23, 256, 136, true),
  I8(24, 1, 1, false),
  I16(25, 1, 2, false),
  I32(26, 1, 4, false),
  I64(27, 1, 8, false),
  F64(28, 1, 8, false),
  IQ1_M(29, 256, 56, true),
  BF16(30, 1, 2, false),
  TQ1_0(34, 256, 54, true),
  TQ2_0(35, 256, 66, true),
  MXFP4(39, 32, 17, true),
  NVFP4(40, 64, 36, true),
  Q1_0(41, 128, 18, true),
  Q2_0(42, 64, 18, true);

  private static final TensorType[] BY_ID = byId();

  private final int id;
  private final int blockElements;
  private final int blockBytes;
  private final boolean quantized;

  TensorType(int id, int blockElements, int blockBytes, boolean quantized) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.quantized = quantized;
  }

  /** ggml's number for this type, as GGUF files store it. */
  public int id() {
    return id;
  }

  /** Elements in one block; 1 for plain types. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes of one block. */
  public int blockBytes() {
    return blockBytes;
  }

  public boolean isQuantized() {
    return quantized;
  }

  /** Whether rows of this many elements can be stored in this type. */
  public boolean fits(long columns) {
    return columns % blockElements == 0;
  }

  /**
   * Bytes of {@code elements} consecutive elements.
   *
   * @throws IllegalArgumentException if they do not fill whole blocks
   * @throws ArithmeticException on overflow
   */
  public long bytes(long elements) {
    if (!fits(elements)) {
      throw new IllegalArgumentException(
          elements + " elements do not fill whole " + this + " blocks of " + blockElements);
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }

  /** Bytes of a contiguous tensor of this shape; its rows must fill whole blocks. */
  public long bytes(Shape shape) {
    return shape.elements() == 0 ? 0 : Math.multiplyExact(bytes(shape.columns()), shape.rows());
  }

  private static TensorType[] byId() {
    TensorType[] types =
        new TensorType[1 + Arrays.stream(values()).mapToInt(t -> t.id).max().orElse(0)];
    Arrays.stream(values()).forEach(t -> types[t.id] = t);
    return types;
  }

  /** The type with ggml's number {@code id}, if this version of ggml has it. */
  public static Optional<TensorType> byId(int id) {
    return id >= 0 && id < BY_ID.length ? Optional.ofNullable(BY_ID[id]) : Optional.empty();
  }

  /**
   * The type of a name in any case ({@code q4_k}, {@code Q4_K}).
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static TensorType parse(String name) {
    try {
      return valueOf(name.trim().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      String known = Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
      throw new IllegalArgumentException(
          "unknown tensor type '" + name + "'; known types: " + known, e);
    }
  }
}
