// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.base.JsonErrors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Hugging Face's {@code tokenizer.json} with a Unigram model. Control pieces are the special ones
 * among {@code added_tokens}; with {@code byte_fallback} the pieces {@code <0x00>} to {@code
 * <0xFF>} are bytes. Decoder and post-processor are not read: the order of both is always umT5's.
 * Immutable, thread-safe.
 */
record TokenizerJson(UnigramVocabulary vocabulary, TokenizerPipeline pipeline) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Reads a file's content.
   *
   * @param file where the bytes came from, for messages
   * @throws TokenizerFormatException if the bytes are not such a file or it has parts Wanlet does
   *     not know
   */
  static TokenizerJson parse(byte[] bytes, Path file) throws TokenizerFormatException {
    try {
      return new Reader().read(bytes);
    } catch (JsonProcessingException e) {
      throw new TokenizerFormatException(file, JsonErrors.describe(e), e);
    } catch (IOException | IllegalArgumentException e) {
      throw new TokenizerFormatException(
          file,
          "not a usable tokenizer.json: " + e.getMessage() + ". Try the checkpoint's spiece.model",
          e);
    }
  }

  /** One pass over the file; the vocabulary, most of it, is never a tree. */
  private static final class Reader {
    private final List<String> pieces = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();
    private JsonNode normalizer;
    private JsonNode preTokenizer;
    private JsonNode addedTokens;
    private String modelType = "Unigram"; // older files leave it out
    private int unkId = -1;
    private boolean byteFallback;

    TokenizerJson read(byte[] bytes) throws IOException {
      try (JsonParser json = new JsonFactory(MAPPER).createParser(bytes)) {
        expect(json.nextToken(), JsonToken.START_OBJECT, "an object");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          json.nextToken();
          switch (name) {
            case "normalizer" -> normalizer = json.readValueAsTree();
            case "pre_tokenizer" -> preTokenizer = json.readValueAsTree();
            case "added_tokens" -> addedTokens = json.readValueAsTree();
            case "model" -> readModel(json);
            default -> json.skipChildren();
          }
        }
        expect(json.currentToken(), JsonToken.END_OBJECT, "the end of the object");
      }
      if (!modelType.equals("Unigram") || pieces.isEmpty()) {
        throw new IllegalArgumentException(
            pieces.isEmpty() ? "it has no model.vocab" : "model.type is '" + modelType + "'");
      }
      return new TokenizerJson(vocabulary(), TokenizerPipeline.of(normalizer, preTokenizer));
    }

    private void readModel(JsonParser json) throws IOException {
      expect(json.currentToken(), JsonToken.START_OBJECT, "model as an object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "type" -> modelType = json.getValueAsString("");
          case "byte_fallback" -> byteFallback = json.getValueAsBoolean();
          case "unk_id" -> {
            expect(value, JsonToken.VALUE_NUMBER_INT, "unk_id as a number");
            unkId = json.getIntValue();
          }
          case "vocab" -> readVocabulary(json);
          default -> json.skipChildren();
        }
      }
    }

    private void readVocabulary(JsonParser json) throws IOException {
      expect(json.currentToken(), JsonToken.START_ARRAY, "vocab as a list of pairs (Unigram)");
      while (json.nextToken() == JsonToken.START_ARRAY) {
        expect(json.nextToken(), JsonToken.VALUE_STRING, "the text of a piece");
        UnigramVocabulary.checkRoom(pieces.size());
        pieces.add(json.getText());
        if (!json.nextToken().isNumeric()) {
          expect(json.currentToken(), JsonToken.VALUE_NUMBER_FLOAT, "the score of a piece");
        }
        scores.add(json.getFloatValue());
        expect(json.nextToken(), JsonToken.END_ARRAY, "the end of a piece");
      }
      expect(json.currentToken(), JsonToken.END_ARRAY, "the end of vocab");
    }

    private void expect(JsonToken found, JsonToken wanted, String what) {
      if (found != wanted) {
        throw new IllegalArgumentException(
            "after %d pieces: found %s, expected %s".formatted(pieces.size(), found, what));
      }
    }

    private UnigramVocabulary vocabulary() {
      Set<String> control = new HashSet<>(Set.of("<pad>", "</s>"));
      if (addedTokens != null) {
        for (JsonNode token : addedTokens) {
          if (token.path("special").asBoolean()) {
            control.add(token.path("content").asText());
          }
        }
      }
      List<PieceType> types = new ArrayList<>(pieces.size());
      for (int id = 0; id < pieces.size(); id++) {
        String piece = pieces.get(id);
        if (id == unkId) {
          types.add(PieceType.UNKNOWN);
        } else if (control.contains(piece)) {
          types.add(PieceType.CONTROL);
        } else {
          boolean isByte = byteFallback && BytePieces.valueOf(piece) >= 0;
          types.add(isByte ? PieceType.BYTE : PieceType.NORMAL);
        }
      }
      return new UnigramVocabulary(
          pieces, scores, types, pieces.indexOf("<pad>"), pieces.indexOf("</s>"), unkId);
    }
  }
}
