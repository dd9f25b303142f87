// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/**
 * Checks a SentencePiece normalisation table before native code walks it: the Rust normaliser
 * indexes without bounds checks of its own, and a panic there ends the process.
 *
 * <p>Layout: trie size in bytes (u32, little endian), the trie as a double array of u32 units, then
 * replacement strings in UTF-8, each closed by a zero byte. A unit holds an offset to its children,
 * a label byte, and whether a value (an index into the replacements) follows. Source: Darts-clone's
 * {@code DoubleArrayUnit}, SentencePiece's {@code Normalizer::DecodePrecompiledCharsMap}.
 * Stateless.
 */
final class PrecompiledCharsmap {
  private PrecompiledCharsmap() {}

  /** Returns null if no text can lead the walk outside the table, else what is wrong with it. */
  static String problem(byte[] blob) {
    if (blob.length < 4) {
      return "it has " + blob.length + " bytes, expected at least 4";
    }
    ByteBuffer buffer = ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN);
    long trieBytes = Integer.toUnsignedLong(buffer.getInt());
    if (trieBytes < 4 || trieBytes % 4 != 0 || trieBytes > buffer.remaining()) {
      return "its trie claims %d bytes, expected a multiple of 4 from 4 to %d"
          .formatted(trieBytes, buffer.remaining());
    }
    int[] units = new int[(int) (trieBytes / 4)];
    buffer.asIntBuffer().get(units);
    buffer.position(4 + (int) trieBytes);
    ByteBuffer replacements = buffer.slice();
    try {
      StandardCharsets.UTF_8.newDecoder().decode(replacements.duplicate());
    } catch (CharacterCodingException e) {
      return "its replacement strings are not valid UTF-8";
    }
    return walk(units, replacements);
  }

  private static String walk(int[] units, ByteBuffer replacements) {
    BitSet seen = new BitSet(units.length);
    int[] stack = new int[units.length];
    int depth = 0;
    seen.set(0);
    stack[depth++] = 0;
    while (depth > 0) {
      int node = stack[--depth];
      int base = node ^ offset(units[node]);
      // The root's own value is never read.
      if (node != 0 && hasLeaf(units[node])) {
        if (base < 0 || base >= units.length) {
          return "trie unit %d has its value at %d of %d".formatted(node, base, units.length);
        }
        int value = units[base] & 0x7fffffff;
        if (value > replacements.limit()
            || (value < replacements.limit() && (replacements.get(value) & 0xc0) == 0x80)) {
          return "trie unit %d points to replacement %d, which is not the start of a character"
              .formatted(base, value);
        }
      }
      for (int label = 1; label < 256; label++) {
        int child = base ^ label;
        if (child < 0 || child >= units.length) {
          return "trie unit %d has a child at %d of %d".formatted(node, child, units.length);
        }
        if ((units[child] & 0x800000ff) == label && !seen.get(child)) {
          seen.set(child);
          stack[depth++] = child;
        }
      }
    }
    return null;
  }

  private static int offset(int unit) {
    return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
  }

  private static boolean hasLeaf(int unit) {
    return (unit >>> 8 & 1) == 1;
  }
}
