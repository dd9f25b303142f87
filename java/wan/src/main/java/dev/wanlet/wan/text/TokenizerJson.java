// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Hugging Face's {@code tokenizer.json} with a Unigram model: read, and written for the native
 * library.
 *
 * <p>What is written is never the file as it came but {@link #write}'s own form: pieces that must
 * not match text (control pieces, bytes, unused places) get names that no text can hold, because
 * the library matches every piece it knows. So a prompt that spells {@code </s>} is text, as in
 * SentencePiece. Immutable, thread-safe.
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
      throw new TokenizerFormatException(
          file, "not valid JSON: " + e.getOriginalMessage() + " at " + at(e), e);
    } catch (IOException | IllegalArgumentException e) {
      throw new TokenizerFormatException(
          file,
          "not a usable tokenizer.json: " + e.getMessage() + ". Try the checkpoint's spiece.model",
          e);
    }
  }

  private static String at(JsonProcessingException e) {
    return e.getLocation() == null
        ? "an unknown place"
        : "line %d, column %d"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  /** The tokenizer.json handed to the native library, in UTF-8. */
  byte[] write() {
    int size = vocabulary.size();
    ByteArrayOutputStream out = new ByteArrayOutputStream(size * 40 + (1 << 20));
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.setCodec(MAPPER);
      json.writeStartObject();
      json.writeStringField("version", "1.0");
      json.writeObjectField("normalizer", pipeline.normalizer());
      json.writeObjectField("pre_tokenizer", pipeline.preTokenizer());
      json.writeObjectFieldStart("model");
      json.writeStringField("type", "Unigram");
      json.writeNumberField("unk_id", vocabulary.unkId());
      // Bytes are spelled by Tokenizer: the library would also match "<0x41>" in a text.
      json.writeBooleanField("byte_fallback", false);
      json.writeArrayFieldStart("vocab");
      writePieces(json);
      json.writeEndArray();
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing JSON to memory failed", e);
    }
    return out.toByteArray();
  }

  private void writePieces(JsonGenerator json) throws IOException {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.types().get(id) == PieceType.NORMAL) {
        min = Math.min(min, vocabulary.scores().get(id));
        max = Math.max(max, vocabulary.scores().get(id));
      }
    }
    if (min > max) {
      min = 0;
      max = 0;
    }
    for (int id = 0; id < vocabulary.size(); id++) {
      String piece = vocabulary.pieces().get(id);
      PieceType type = vocabulary.types().get(id);
      // The lowest score sets the price of an unknown character: no written score may go below it.
      double score = min;
      if (type == PieceType.NORMAL) {
        score = vocabulary.scores().get(id);
      } else if (type == PieceType.USER_DEFINED) {
        // SentencePiece, unigram_model.cc, EncodeOptimized: dearer than no other way to cover it.
        int length = piece.getBytes(StandardCharsets.UTF_8).length;
        score = Math.max(min, (float) (length * max - 0.1));
      }
      // All spaces have become U+2581 when the pieces are looked up, so " 7" matches nothing.
      boolean hidden = !type.matchesText() || id == vocabulary.unkId();
      json.writeStartArray();
      json.writeString(hidden || piece.indexOf(' ') >= 0 ? " " + id : piece);
      json.writeNumber(score);
      json.writeEndArray();
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
      try (JsonParser json = new JsonFactory().createParser(bytes)) {
        json.setCodec(MAPPER);
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
