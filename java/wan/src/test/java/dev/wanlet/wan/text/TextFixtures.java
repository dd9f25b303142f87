// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Base64;

/** Reference vocabularies and texts, and the same vocabularies in other file formats. */
final class TextFixtures {
  static final ObjectMapper JSON = new ObjectMapper();
  static final String TINY = "tiny-wan/spiece.model";
  static final String IDENTITY = "tokenizer-spm/identity.model";
  static final String NMT_NFKC = "tokenizer-spm/nmt_nfkc.model";

  private TextFixtures() {}

  static byte[] bytes(String name) {
    try (InputStream in = TextFixtures.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException(name, e);
    }
  }

  static JsonNode json(String name) {
    try {
      return JSON.readTree(bytes(name));
    } catch (IOException e) {
      throw new IllegalStateException(name, e);
    }
  }

  static SentencePieceModel model(String name) {
    try {
      return SentencePieceModel.parse(bytes(name), Path.of(name));
    } catch (IOException e) {
      throw new IllegalStateException(name, e);
    }
  }

  /**
   * As Llama's and SentencePiece's own converters write it: spaces are a matter of the normaliser.
   */
  static ObjectNode exactTokenizerJson(String name) {
    ObjectNode root = commonTokenizerJson(name);
    ArrayNode steps = sequence(root, name);
    steps.add(replace("Regex", "\\A +| +\\z", ""));
    steps.add(replace("Regex", " {2,}", " "));
    steps.addObject().put("type", "Prepend").put("prepend", "\u2581");
    steps.add(replace("String", " ", "\u2581"));
    root.putNull("pre_tokenizer");
    return root;
  }

  /** As transformers converts a T5 tokenizer: Metaspace splits and marks the words. */
  static ObjectNode t5TokenizerJson(String name) {
    ObjectNode root = commonTokenizerJson(name);
    ArrayNode steps = sequence(root, name);
    steps.addObject().put("type", "Strip").put("strip_left", false).put("strip_right", true);
    steps.add(replace("Regex", " {2,}", "\u2581"));
    root.putObject("pre_tokenizer")
        .put("type", "Metaspace")
        .put("replacement", "\u2581")
        .put("prepend_scheme", "always")
        .put("split", true);
    root.putObject("decoder").put("type", "Metaspace");
    return root;
  }

  private static ObjectNode commonTokenizerJson(String name) {
    UnigramVocabulary vocabulary = model(name).vocabulary();
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    ArrayNode added = root.putArray("added_tokens");
    ObjectNode model = root.putObject("model").put("type", "Unigram");
    model.put("unk_id", vocabulary.unkId()).put("byte_fallback", true);
    ArrayNode pieces = model.putArray("vocab");
    for (int id = 0; id < vocabulary.size(); id++) {
      String piece = vocabulary.pieces().get(id);
      pieces.addArray().add(piece).add((double) vocabulary.scores().get(id));
      PieceType type = vocabulary.types().get(id);
      if (type == PieceType.CONTROL || type == PieceType.UNKNOWN) {
        added.addObject().put("id", id).put("content", piece).put("special", true);
      }
    }
    return root;
  }

  private static ArrayNode sequence(ObjectNode root, String name) {
    ArrayNode steps = root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    byte[] charsmap = model(name).normalization().precompiledCharsmap();
    if (charsmap.length > 0) {
      steps
          .addObject()
          .put("type", "Precompiled")
          .put("precompiled_charsmap", Base64.getEncoder().encodeToString(charsmap));
    }
    return steps;
  }

  private static ObjectNode replace(String kind, String pattern, String content) {
    ObjectNode node = JSON.createObjectNode().put("type", "Replace").put("content", content);
    node.putObject("pattern").put(kind, pattern);
    return node;
  }
}
