// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The pieces {@code <0x00>} to {@code <0xFF>} that spell text no other piece matches
 * (SentencePiece's byte fallback). Immutable, thread-safe.
 */
final class BytePieces {
  private static final String HEX = "0123456789ABCDEF";

  private final int[] idOfByte = new int[256];

  private BytePieces() {
    Arrays.fill(idOfByte, -1);
  }

  /** The byte pieces of a vocabulary, or null if it lacks one of the 256. */
  static BytePieces of(UnigramVocabulary vocabulary) {
    BytePieces result = new BytePieces();
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.types().get(id) == PieceType.BYTE) {
        int value = valueOf(vocabulary.pieces().get(id));
        if (value >= 0) {
          result.idOfByte[value] = id;
        }
      }
    }
    return Arrays.stream(result.idOfByte).allMatch(id -> id >= 0) ? result : null;
  }

  /** The ids that spell {@code text} in UTF-8. */
  int[] spell(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      ids[i] = idOfByte[bytes[i] & 0xff];
    }
    return ids;
  }

  /** The byte a piece stands for: 65 for {@code <0x41>}, -1 for a piece of another form. */
  static int valueOf(String piece) {
    if (piece.length() != 6 || !piece.startsWith("<0x") || piece.charAt(5) != '>') {
      return -1;
    }
    int high = HEX.indexOf(piece.charAt(3));
    int low = HEX.indexOf(piece.charAt(4));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }
}
