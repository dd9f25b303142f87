// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

/**
 * What a piece of a SentencePiece vocabulary is for. GGUF's {@code tokenizer.ggml.token_type} has
 * the same numbers. Source: sentencepiece_model.proto, {@code ModelProto.SentencePiece.Type}.
 * Immutable.
 */
public enum PieceType {
  /** Matches text, with its own score. */
  NORMAL(1),
  /** Stands for text no piece matches. */
  UNKNOWN(2),
  /** A marker such as the end of the text; never matches text. */
  CONTROL(3),
  /** Matches text before any other piece. */
  USER_DEFINED(4),
  /** A place without a meaning. */
  UNUSED(5),
  /** One of the 256 bytes that spell text no piece matches. */
  BYTE(6);

  private final int code;

  PieceType(int code) {
    this.code = code;
  }

  /** The number that files use. */
  public int code() {
    return code;
  }

  /**
   * The type with that number.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static PieceType fromCode(long code) {
    for (PieceType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw new IllegalArgumentException("piece type " + code + " is unknown, expected 1 to 6");
  }

  /** Whether the piece stands for a stretch of text. */
  boolean matchesText() {
    return this == NORMAL || this == USER_DEFINED;
  }
}
