// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.util.List;

/**
 * The pieces of a unigram tokenizer: index = token id. Immutable, thread-safe.
 *
 * @param pieces the text of each piece, with U+2581 for a space
 * @param scores log probability of each piece; of no meaning where the type does not match text
 * @param types what each piece is for
 * @param padId id that fills up short prompts
 * @param eosId id that ends a prompt
 * @param unkId id of text that no piece matches
 */
public record UnigramVocabulary(
    List<String> pieces,
    List<Float> scores,
    List<PieceType> types,
    int padId,
    int eosId,
    int unkId) {

  /** Far above any real vocabulary (umT5: 256,384); keeps a hostile file from filling the heap. */
  static final int MAX_PIECES = 1 << 20;

  /**
   * Checks the pieces and takes copies of the lists.
   *
   * @throws IllegalArgumentException if the lists differ in length, an id is out of range, a score
   *     is not finite, or a piece that matches text is empty or holds half a surrogate pair
   */
  public UnigramVocabulary {
    pieces = List.copyOf(pieces);
    scores = List.copyOf(scores);
    types = List.copyOf(types);
    if (scores.size() != pieces.size() || types.size() != pieces.size()) {
      throw new IllegalArgumentException(
          "the vocabulary has %d pieces, %d scores and %d types, expected equal counts"
              .formatted(pieces.size(), scores.size(), types.size()));
    }
    checkId("padding", padId, pieces.size());
    checkId("end-of-text", eosId, pieces.size());
    checkId("unknown", unkId, pieces.size());
    for (int id = 0; id < pieces.size(); id++) {
      if (!Float.isFinite(scores.get(id))) {
        throw new IllegalArgumentException(
            "piece %d has the score %s, expected a finite number".formatted(id, scores.get(id)));
      }
      if (types.get(id).matchesText()) {
        checkText(id, pieces.get(id));
      }
    }
  }

  /** Throws if a list of {@code size} pieces cannot take another. */
  static void checkRoom(int size) {
    if (size >= MAX_PIECES) {
      throw new IllegalArgumentException("it has more than " + MAX_PIECES + " pieces");
    }
  }

  /** Number of ids. */
  public int size() {
    return pieces.size();
  }

  private static void checkId(String what, int id, int size) {
    if (id < 0 || id >= size) {
      throw new IllegalArgumentException(
          "the %s id is %d, expected 0 to %d".formatted(what, id, size - 1));
    }
  }

  private static void checkText(int id, String piece) {
    if (piece.isEmpty()) {
      throw new IllegalArgumentException("piece " + id + " is empty, expected text");
    }
    if (piece.codePoints().anyMatch(c -> c >= 0xd800 && c <= 0xdfff)) {
      throw new IllegalArgumentException("piece " + id + " holds half a surrogate pair");
    }
  }
}
