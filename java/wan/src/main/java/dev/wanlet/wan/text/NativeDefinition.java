// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Writes the definitions (tokenizer.json) that the native library gets. It never sees a file as it
 * came: pieces are in it only if they match text, because the library matches every piece it knows.
 * So {@code </s>} or {@code <0x41>} in a prompt are text, as in SentencePiece. Stateless.
 */
final class NativeDefinition {
  /** Id of unknown text in every definition. */
  static final int UNKNOWN_ID = 0;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Spaces have become U+2581 when pieces are looked up: this name matches nothing. */
  private static final String UNMATCHABLE = " ";

  private NativeDefinition() {}

  /** No piece is known, so each stretch that the steps leave together comes back as one unknown. */
  static byte[] stepsOnly(TokenizerPipeline pipeline) {
    return write(pipeline, null, new int[0]);
  }

  /** No steps; piece {@code i + 1} is {@code ids[i]} of the index. */
  static byte[] piecesOnly(PieceIndex index, int[] ids) {
    return write(null, index, ids);
  }

  private static byte[] write(TokenizerPipeline pipeline, PieceIndex index, int[] ids) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory(MAPPER).createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("version", "1.0");
      if (pipeline != null) {
        json.writeObjectField("normalizer", pipeline.normalizer());
        json.writeObjectField("pre_tokenizer", pipeline.preTokenizer());
      }
      json.writeObjectFieldStart("model");
      json.writeStringField("type", "Unigram");
      json.writeNumberField("unk_id", UNKNOWN_ID);
      json.writeBooleanField("byte_fallback", false); // Tokenizer spells unknown text itself
      json.writeArrayFieldStart("vocab");
      // The lowest score in a definition sets the price of unknown text.
      writePiece(json, UNMATCHABLE, index == null ? 0 : index.minScore());
      for (int id : ids) {
        writePiece(json, index.text(id), index.score(id));
      }
      json.writeEndArray();
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing JSON to memory failed", e);
    }
    return out.toByteArray();
  }

  private static void writePiece(JsonGenerator json, String piece, double score)
      throws IOException {
    json.writeStartArray();
    json.writeString(piece);
    json.writeNumber(score);
    json.writeEndArray();
  }
}
