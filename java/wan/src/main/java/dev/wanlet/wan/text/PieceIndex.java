// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The pieces that match text, by their text. Finds the few pieces a prompt can be cut into, so that
 * the native library need not hold the other 256,000. Immutable, thread-safe.
 */
final class PieceIndex {
  private final UnigramVocabulary vocabulary;
  private final Map<String, Integer> idOfText;
  private final int longest;
  private final float minScore;
  private final float maxScore;

  /**
   * Indexes a vocabulary.
   *
   * @throws IllegalArgumentException if two pieces that match text are equal
   */
  PieceIndex(UnigramVocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.idOfText = new HashMap<>(vocabulary.size() * 2);
    int length = 0;
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabulary.size(); id++) {
      PieceType type = vocabulary.types().get(id);
      if (!type.matchesText()) {
        continue;
      }
      String piece = vocabulary.pieces().get(id);
      Integer other = idOfText.put(piece, id);
      if (other != null) {
        throw new IllegalArgumentException(
            "the piece '%s' is there twice, as %d and %d".formatted(piece, other, id));
      }
      length = Math.max(length, piece.length());
      if (type == PieceType.NORMAL) {
        min = Math.min(min, vocabulary.scores().get(id));
        max = Math.max(max, vocabulary.scores().get(id));
      }
    }
    this.longest = length;
    this.minScore = min > max ? 0 : min;
    this.maxScore = min > max ? 0 : max;
  }

  /** Ids of all pieces that occur in one of the texts, ascending. */
  int[] occurringIn(List<String> texts) {
    BitSet found = new BitSet(vocabulary.size());
    for (String text : texts) {
      for (int start = 0; start < text.length(); start++) {
        int last = Math.min(text.length(), start + longest);
        for (int end = start + 1; end <= last; end++) {
          Integer id = idOfText.get(text.substring(start, end));
          if (id != null) {
            found.set(id);
          }
        }
      }
    }
    return found.stream().toArray();
  }

  String text(int id) {
    return vocabulary.pieces().get(id);
  }

  /** What taking a piece adds to a path, as SentencePiece counts it. */
  float score(int id) {
    if (vocabulary.types().get(id) != PieceType.USER_DEFINED) {
      return vocabulary.scores().get(id);
    }
    // unigram_model.cc, EncodeOptimized: dearer than any other way to cover the same bytes. Not
    // below
    // minScore, which prices unknown text in the library.
    int bytes = text(id).getBytes(StandardCharsets.UTF_8).length;
    return Math.max(minScore, (float) (bytes * maxScore - 0.1));
  }

  /** The lowest score of the whole vocabulary; unknown characters cost 10 more. */
  float minScore() {
    return minScore;
  }
}
