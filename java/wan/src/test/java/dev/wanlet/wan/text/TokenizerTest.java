// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() throws IOException {
    tokenizer = open(TextFixtures.TINY);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private static Tokenizer open(String name) throws IOException {
    return Tokenizer.fromSpiece(TextFixtures.bytes(name), Path.of(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\ud83d\udc08\ud83c\udfac\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67",
        "\u4e00\u53ea\u5c0f\u732b\u5728\u8dd1",
        "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
        "\ud800\udf48 \u10ffff",
        "nul \u0001 char",
        "<0x41><0xFF></s><pad> 7 260"
      })
  void textOfAnyScriptComesBackFromItsIds(String text) {
    int[] ids = tokenizer.encode(text, 512);
    assertThat(ids).doesNotContain(tokenizer.unkId()).endsWith(tokenizer.eosId());
    assertThat(ids[0]).isNotEqualTo(tokenizer.eosId());
    // The character map of this vocabulary removes control characters.
    assertThat(tokenizer.decode(ids)).isEqualTo(text.replace("\u0001 ", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "    ", "\u200b"})
  void textWithoutContentIsTheEndAlone(String text) {
    assertThat(tokenizer.encode(text, 512)).containsExactly(tokenizer.eosId());
    assertThat(tokenizer.pieces(text)).isEmpty();
  }

  @Test
  void loneSurrogatesAreReadAsReplacementCharacters() {
    assertThat(tokenizer.encode("a\ud83d b\udc08", 512))
        .containsExactly(tokenizer.encode("a\ufffd b\ufffd", 512));
  }

  @Test
  void longTextsLoseTheirEndButKeepEndOfText() {
    String text = "a red circle moving left ".repeat(2_000);
    int[] whole = tokenizer.encode(text, Integer.MAX_VALUE);
    int[] cut = tokenizer.encode(text, 512);
    assertThat(whole).hasSizeGreaterThan(10_000).endsWith(tokenizer.eosId());
    assertThat(cut).hasSize(512).endsWith(tokenizer.eosId());
    assertThat(cut).startsWith(IntStream.of(whole).limit(511).toArray());
  }

  @Test
  void theLimitCountsEndOfText() {
    int[] ids = tokenizer.encode("a red circle", 512);
    assertThat(tokenizer.encode("a red circle", ids.length)).containsExactly(ids);
    assertThat(tokenizer.encode("a red circle", ids.length - 1)).hasSize(ids.length - 1);
    assertThat(tokenizer.encode("a red circle", 1)).containsExactly(tokenizer.eosId());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("a red circle", 0))
        .withMessageContaining("maxLength is 0");
  }

  @Test
  void idsOutsideTheVocabularyAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.decode(new int[] {5, tokenizer.vocabularySize()}))
        .withMessageContaining("684");
    assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.decode(new int[] {-1}));
  }

  @Test
  void decodingReplacesBytesThatAreNotText() {
    int[] ids = tokenizer.encode("\ud83d\udc08", 512);
    int[] halfAnEmoji = IntStream.of(ids).limit(3).toArray();
    assertThat(tokenizer.decode(halfAnEmoji)).isEqualTo("\ufffd");
  }

  @Test
  void withoutBytePiecesUnknownTextIsOneUnknownToken() throws IOException {
    UnigramVocabulary vocabulary =
        new UnigramVocabulary(
            List.of("<pad>", "</s>", "<unk>", "\u2581a", "b", "\u2581", "off", "<<x>>"),
            List.of(0f, 0f, 0f, -1f, -2f, -3f, -1f, 0f),
            List.of(
                PieceType.CONTROL,
                PieceType.CONTROL,
                PieceType.UNKNOWN,
                PieceType.NORMAL,
                PieceType.NORMAL,
                PieceType.NORMAL,
                PieceType.UNUSED,
                PieceType.USER_DEFINED),
            0,
            1,
            2);
    SentencePieceNormalization plain = new SentencePieceNormalization(new byte[0], true, true);
    try (Tokenizer small = Tokenizer.fromVocabulary(vocabulary, plain, Path.of("model.gguf"))) {
      assertThat(small.encode("ab \ud83d\udc08\ud83d\udc08 b", 512))
          .containsExactly(3, 4, 5, 2, 5, 4, 1);
      assertThat(small.decode(new int[] {3, 2, 4})).isEqualTo("a \u2047 b");
      assertThat(small.encode("off", 512)).as("an unused piece").containsExactly(5, 2, 1);
      assertThat(small.encode("a<<x>>b", 512)).as("a user's piece").containsExactly(3, 7, 4, 1);
    }
  }

  @Test
  void threadsShareOneTokenizer() throws Exception {
    int[] expected = tokenizer.encode("a red circle moving left \ud83d\udc08", 512);
    Callable<int[]> encode = () -> tokenizer.encode("a red circle moving left \ud83d\udc08", 512);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Callable<int[]>> tasks = IntStream.range(0, 200).mapToObj(i -> encode).toList();
      for (Future<int[]> ids : pool.invokeAll(tasks)) {
        assertThat(ids.get()).containsExactly(expected);
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void aClosedTokenizerSaysSo() throws IOException {
    Tokenizer closed = open(TextFixtures.IDENTITY);
    closed.close();
    closed.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> closed.encode("a", 8))
        .withMessageContaining("closed");
  }

  @Test
  void closingWaitsForRunningCalls() throws Exception {
    Tokenizer shared = open(TextFixtures.IDENTITY);
    String text = "a small red boat ".repeat(500);
    int expected = shared.encode(text, Integer.MAX_VALUE).length;
    ExecutorService pool = Executors.newFixedThreadPool(3);
    try {
      List<Future<Integer>> lengths =
          IntStream.range(0, 60)
              .mapToObj(
                  i -> pool.submit(() -> i == 30 ? closeAndCount(shared) : count(shared, text)))
              .toList();
      for (Future<Integer> length : lengths) {
        assertThat(length.get()).isIn(expected, -1);
      }
    } finally {
      pool.shutdown();
    }
  }

  private static int closeAndCount(Tokenizer tokenizer) {
    tokenizer.close();
    return -1;
  }

  private static int count(Tokenizer tokenizer, String text) {
    try {
      return tokenizer.encode(text, Integer.MAX_VALUE).length;
    } catch (IllegalStateException closed) {
      return -1;
    }
  }
}
