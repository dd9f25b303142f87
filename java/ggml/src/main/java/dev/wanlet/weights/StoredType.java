// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import java.util.Optional;

/**
 * The element types that weight files hold: all of ggml's, and those that ggml cannot compute with
 * (8-bit floats, unsigned and boolean numbers). Immutable.
 *
 * <p>Names of plain types are those of the safetensors format.
 */
public enum StoredType {
  F64(TensorType.F64),
  F32(TensorType.F32),
  F16(TensorType.F16),
  BF16(TensorType.BF16),
  /** 4 exponent bits (bias 7), 3 mantissa bits, no infinities: PyTorch's float8_e4m3fn. */
  F8_E4M3(1),
  /** 5 exponent bits (bias 15), 2 mantissa bits: the upper byte of an F16. */
  F8_E5M2(1),
  I64(TensorType.I64),
  I32(TensorType.I32),
  I16(TensorType.I16),
  I8(TensorType.I8),
  U64(8),
  U32(4),
  U16(2),
  U8(1),
  /** One byte: 0 or 1. */
  BOOL(1),
  Q4_0(TensorType.Q4_0),
  Q4_1(TensorType.Q4_1),
  Q5_0(TensorType.Q5_0),
  Q5_1(TensorType.Q5_1),
  Q8_0(TensorType.Q8_0),
  Q8_1(TensorType.Q8_1),
  Q2_K(TensorType.Q2_K),
  Q3_K(TensorType.Q3_K),
  Q4_K(TensorType.Q4_K),
  Q5_K(TensorType.Q5_K),
  Q6_K(TensorType.Q6_K),
  Q8_K(TensorType.Q8_K),
  IQ2_XXS(TensorType.IQ2_XXS),
  IQ2_XS(TensorType.IQ2_XS),
  IQ3_XXS(TensorType.IQ3_XXS),
  IQ1_S(TensorType.IQ1_S),
  IQ4_NL(TensorType.IQ4_NL),
  IQ3_S(TensorType.IQ3_S),
  IQ2_S(TensorType.IQ2_S),
  IQ4_XS(TensorType.IQ4_XS),
  IQ1_M(TensorType.IQ1_M),
  TQ1_0(TensorType.TQ1_0),
  TQ2_0(TensorType.TQ2_0),
  MXFP4(TensorType.MXFP4),
  NVFP4(TensorType.NVFP4),
  Q1_0(TensorType.Q1_0),
  Q2_0(TensorType.Q2_0);

  private final TensorType tensorType;
  private final int elementBytes;

  StoredType(TensorType tensorType) {
    this.tensorType = tensorType;
    this.elementBytes = tensorType.isQuantized() ? 0 : tensorType.blockBytes();
  }

  StoredType(int elementBytes) {
    this.tensorType = null;
    this.elementBytes = elementBytes;
  }

  /** The stored form of a ggml type; every ggml type has one. */
  public static StoredType of(TensorType type) {
    return valueOf(type.name());
  }

  /** The ggml type with the same bytes, if ggml has it. */
  public Optional<TensorType> tensorType() {
    return Optional.ofNullable(tensorType);
  }

  /** Whether elements come in blocks that share scales. */
  public boolean isQuantized() {
    return elementBytes == 0;
  }

  /** Whether this is a plain (not quantised) floating-point type. */
  public boolean isFloat() {
    return switch (this) {
      case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 -> true;
      default -> false;
    };
  }

  /**
   * Bytes of one element.
   *
   * @throws IllegalStateException if the type is quantised
   */
  public int elementBytes() {
    if (isQuantized()) {
      throw new IllegalStateException(
          this + " is quantised: its elements have no bytes of their own");
    }
    return elementBytes;
  }

  /**
   * Bytes of a contiguous tensor.
   *
   * @throws IllegalArgumentException if its rows do not fill whole blocks
   * @throws ArithmeticException if the size does not fit in 63 bits
   */
  public long bytes(Shape shape) {
    return isQuantized()
        ? tensorType.bytes(shape)
        : Math.multiplyExact(shape.elements(), (long) elementBytes);
  }
}
