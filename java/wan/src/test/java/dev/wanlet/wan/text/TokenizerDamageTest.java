// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Damaged files give a {@link TokenizerFormatException} or a tokenizer that works; the native
 * library, where a failure would end the process, never sees what could fail there.
 */
class TokenizerDamageTest {
  private static final Path FILE = Path.of("damaged.model");
  private static final String TEXT =
      "Zebra \u00e9e\u0301 \u2177 \ufb01ne \uff21\uff76\uff9e \u1e9b\u0323 \uac00\u3131 \ud83d\udc08\u0627\ufdfa \u0001\t\n x";

  @FuzzTest
  void anyBytesAsSpiece(byte[] bytes) {
    try {
      SentencePieceModel model = SentencePieceModel.parse(bytes, FILE);
      assertThat(model.vocabulary().size()).isPositive();
    } catch (TokenizerFormatException e) {
      assertThat(e).hasMessageStartingWith(FILE + ": ");
    }
  }

  @FuzzTest
  void anyBytesAsTokenizerJson(byte[] bytes) {
    try {
      TokenizerJson json = TokenizerJson.parse(bytes, FILE);
      assertThat(json.vocabulary().size()).isPositive();
    } catch (TokenizerFormatException e) {
      assertThat(e).hasMessageStartingWith(FILE + ": ");
    }
  }

  @Test
  void changedBytesOfAModel() {
    byte[] whole = TextFixtures.bytes(TextFixtures.IDENTITY);
    Random random = new Random(1);
    int opened = 0;
    int refused = 0;
    for (int round = 0; round < 120; round++) {
      byte[] changed = change(whole, random, 0, whole.length);
      try (Tokenizer tokenizer = Tokenizer.fromSpiece(changed, FILE)) {
        assertThat(tokenizer.encode(TEXT, 512)).endsWith(tokenizer.eosId());
        opened++;
      } catch (TokenizerFormatException e) {
        assertThat(e).hasMessageStartingWith(FILE + ": ");
        refused++;
      }
    }
    assertThat(opened).isPositive();
    assertThat(refused).isPositive();
  }

  @Test
  void changedBytesOfACharacterMap() throws TokenizerFormatException {
    SentencePieceModel model = TextFixtures.model(TextFixtures.NMT_NFKC);
    byte[] whole = model.normalization().precompiledCharsmap();
    int trieEnd = 4 + ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt();
    assertThat(PrecompiledCharsmap.problem(whole)).isNull();
    Random random = new Random(2);
    int opened = 0;
    int refused = 0;
    for (int round = 0; round < 60; round++) {
      byte[] changed = change(whole, random, round % 2 == 0 ? 0 : trieEnd - 40, whole.length);
      try (Tokenizer tokenizer =
          Tokenizer.fromVocabulary(
              model.vocabulary(), new SentencePieceNormalization(changed, true, true), FILE)) {
        assertThat(tokenizer.encode(TEXT, 512)).endsWith(tokenizer.eosId());
        opened++;
      } catch (TokenizerFormatException e) {
        assertThat(e).hasMessageContaining("character map is damaged");
        refused++;
      }
    }
    assertThat(opened).isPositive();
    assertThat(refused).isPositive();
  }

  @Test
  void aCharacterMapThatLeavesItsTableIsRefused() {
    byte[] whole = TextFixtures.model(TextFixtures.NMT_NFKC).normalization().precompiledCharsmap();
    assertThat(PrecompiledCharsmap.problem(new byte[3])).contains("3 bytes");
    byte[] noTrie = whole.clone();
    ByteBuffer.wrap(noTrie).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 0);
    assertThat(PrecompiledCharsmap.problem(noTrie)).contains("claims 0 bytes");
    byte[] longTrie = whole.clone();
    ByteBuffer.wrap(longTrie).order(ByteOrder.LITTLE_ENDIAN).putInt(0, -4);
    assertThat(PrecompiledCharsmap.problem(longTrie)).contains("claims 4294967292 bytes");
    byte[] farRoot = whole.clone();
    ByteBuffer.wrap(farRoot).order(ByteOrder.LITTLE_ENDIAN).putInt(4, 0x7ffffe00);
    assertThat(PrecompiledCharsmap.problem(farRoot)).contains("trie unit 0 has a child at");
  }

  private static byte[] change(byte[] whole, Random random, int from, int to) {
    byte[] changed = whole.clone();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      changed[from + random.nextInt(to - from)] = (byte) random.nextInt(256);
    }
    return changed;
  }
}
