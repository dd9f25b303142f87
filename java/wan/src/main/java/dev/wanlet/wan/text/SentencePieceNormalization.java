// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.util.Arrays;
import java.util.Objects;

/**
 * What SentencePiece does to a text before it looks for pieces. Source: sentencepiece_model.proto,
 * {@code NormalizerSpec}. Immutable, thread-safe.
 *
 * @param precompiledCharsmap the normalisation table; empty for none ("identity")
 * @param addDummyPrefix whether a space is put before the text
 * @param removeExtraWhitespaces whether spaces at the ends go and inner runs become one
 */
public record SentencePieceNormalization(
    byte[] precompiledCharsmap, boolean addDummyPrefix, boolean removeExtraWhitespaces) {

  public SentencePieceNormalization {
    precompiledCharsmap = precompiledCharsmap.clone();
  }

  @Override
  public byte[] precompiledCharsmap() {
    return precompiledCharsmap.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SentencePieceNormalization that
        && Arrays.equals(precompiledCharsmap, that.precompiledCharsmap)
        && addDummyPrefix == that.addDummyPrefix
        && removeExtraWhitespaces == that.removeExtraWhitespaces;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        Arrays.hashCode(precompiledCharsmap), addDummyPrefix, removeExtraWhitespaces);
  }
}
