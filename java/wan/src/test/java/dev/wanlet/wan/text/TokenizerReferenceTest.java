// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way to a vocabulary gives SentencePiece's ids. */
class TokenizerReferenceTest {
  private interface Opener {
    Tokenizer open(String model) throws IOException;
  }

  private record Way(String name, Opener opener) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final Way SPIECE =
      new Way("spiece.model", m -> Tokenizer.fromSpiece(TextFixtures.bytes(m), Path.of(m)));

  private static final Way JSON =
      new Way("tokenizer.json", m -> fromJson(TextFixtures.exactTokenizerJson(m)));

  private static final Way T5_JSON =
      new Way("tokenizer.json of transformers", m -> fromJson(TextFixtures.t5TokenizerJson(m)));

  private static final Way VOCABULARY =
      new Way(
          "vocabulary of a GGUF",
          m -> {
            SentencePieceModel model = TextFixtures.model(m);
            return Tokenizer.fromVocabulary(
                model.vocabulary(), model.normalization(), Path.of("model.gguf"));
          });

  private static Tokenizer fromJson(JsonNode json) throws IOException {
    return Tokenizer.fromTokenizerJson(
        TextFixtures.JSON.writeValueAsBytes(json), Path.of("tokenizer.json"));
  }

  static Stream<Arguments> sentencePieceCases() {
    return Stream.of(
        Arguments.of(SPIECE, "identity"),
        Arguments.of(JSON, "identity"),
        Arguments.of(VOCABULARY, "identity"),
        Arguments.of(SPIECE, "nmt_nfkc"),
        Arguments.of(JSON, "nmt_nfkc"),
        Arguments.of(T5_JSON, "nmt_nfkc"),
        Arguments.of(VOCABULARY, "nmt_nfkc"));
  }

  @ParameterizedTest(name = "{1} from {0}")
  @MethodSource("sentencePieceCases")
  void givesSentencePiecesIds(Way way, String model) throws IOException {
    JsonNode reference = TextFixtures.json("tokenizer-spm/" + model + ".json");
    try (Tokenizer tokenizer = way.opener().open("tokenizer-spm/" + model + ".model")) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(reference.get("vocab_size").asInt());
      assertThat(tokenizer.padId()).isEqualTo(reference.get("pad_id").asInt());
      assertThat(tokenizer.eosId()).isEqualTo(reference.get("eos_id").asInt());
      assertThat(tokenizer.unkId()).isEqualTo(reference.get("unk_id").asInt());
      assertThat(reference.get("cases")).hasSizeGreaterThan(10);
      for (JsonNode expected : reference.get("cases")) {
        String text = expected.get("text").asText();
        assertThat(tokenizer.pieces(text)).as(text).isEqualTo(strings(expected.get("pieces")));
        assertThat(tokenizer.encode(text, 512))
            .as(text)
            .containsExactly(ints(expected.get("ids_with_eos")));
        assertThat(tokenizer.decode(ints(expected.get("ids_with_eos"))))
            .isEqualTo(expected.get("decoded").asText());
      }
    }
  }

  static Stream<Way> everyWay() {
    return Stream.of(SPIECE, JSON, T5_JSON, VOCABULARY);
  }

  @ParameterizedTest(name = "from {0}")
  @MethodSource("everyWay")
  void givesTheIdsTheDemoModelWasTrainedWith(Way way) throws IOException {
    JsonNode reference = TextFixtures.json("tiny-wan/tokens.json");
    assertThat(reference).hasSizeGreaterThan(10);
    try (Tokenizer tokenizer = way.opener().open(TextFixtures.TINY)) {
      for (JsonNode expected : reference) {
        assertThat(tokenizer.encode(expected.get("text").asText(), 512))
            .as(expected.get("text").asText())
            .containsExactly(ints(expected.get("ids")));
      }
    }
  }

  private static int[] ints(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(node -> strings.add(node.asText()));
    return strings;
  }
}
