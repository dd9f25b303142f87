// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.util.Arrays;

/**
 * Token ids of one prompt padded to the length the text encoder was trained with.
 *
 * <p>The reference runs umT5 on all {@code length} ids with a mask and then keeps the rows of the
 * real tokens. Attention is masked and everything else works row by row, so running the {@link
 * #real()} tokens alone gives the same rows. Source: Wan2.1 wan/modules/t5.py, {@code
 * T5EncoderModel.__call__}. Immutable, thread-safe.
 */
public final class TokenIds {
  /** Number of ids Wan pads a prompt to (text_len). */
  public static final int WAN_TEXT_LENGTH = 512;

  private final int[] padded;
  private final int padId;
  private final int realCount;

  private TokenIds(int[] padded, int padId, int realCount) {
    this.padded = padded;
    this.padId = padId;
    this.realCount = realCount;
  }

  /**
   * Pads {@code tokens} on the right.
   *
   * @param tokens ids of the prompt, end-of-text included
   * @param length how many ids the result has
   * @param padId the padding id, 0 in umT5
   * @throws IllegalArgumentException if there are more tokens than {@code length} or one of them is
   *     negative or the padding id
   */
  public static TokenIds padded(int[] tokens, int length, int padId) {
    if (tokens.length > length) {
      throw new IllegalArgumentException(
          tokens.length + " tokens do not fit in " + length + "; truncate when encoding");
    }
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] == padId) {
        throw new IllegalArgumentException(
            "token "
                + i
                + " is "
                + tokens[i]
                + ", expected a real token (padding is "
                + padId
                + ")");
      }
    }
    int[] ids = new int[length];
    Arrays.fill(ids, padId);
    System.arraycopy(tokens, 0, ids, 0, tokens.length);
    return new TokenIds(ids, padId, tokens.length);
  }

  /** All ids, [length]; a copy. */
  public int[] ids() {
    return padded.clone();
  }

  /** 1 where the id is a real token, 0 where it is padding, [length]. */
  public int[] mask() {
    return Arrays.stream(padded).map(id -> id != padId ? 1 : 0).toArray();
  }

  /** The ids before the padding, [realCount]; what the encoder needs to see. */
  public int[] real() {
    return Arrays.copyOf(padded, realCount);
  }

  /** Number of ids before the padding. */
  public int realCount() {
    return realCount;
  }
}
