// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import java.util.Optional;

/**
 * Types of GGUF metadata values; a constant's ordinal is its number in the file. Immutable.
 *
 * <p>Source: gguf.h, {@code enum gguf_type}.
 */
public enum GgufType {
  U8(1),
  I8(1),
  U16(2),
  I16(2),
  U32(4),
  I32(4),
  F32(4),
  BOOL(1),
  STRING(0),
  ARRAY(0),
  U64(8),
  I64(8),
  F64(8);

  private static final GgufType[] BY_ID = values();

  private final int bytes;

  GgufType(int bytes) {
    this.bytes = bytes;
  }

  /** The number that stands for this type in a file. */
  public int id() {
    return ordinal();
  }

  /** Bytes of one value; 0 for strings and arrays. */
  public int bytes() {
    return bytes;
  }

  public boolean isInteger() {
    return switch (this) {
      case U8, I8, U16, I16, U32, I32, U64, I64 -> true;
      default -> false;
    };
  }

  static Optional<GgufType> byId(long id) {
    return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[(int) id]) : Optional.empty();
  }
}
