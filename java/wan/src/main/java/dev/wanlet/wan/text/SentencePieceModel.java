// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import dev.wanlet.wan.text.ProtobufReader.MalformedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A SentencePiece model file ({@code spiece.model}), unigram only. Source:
 * sentencepiece_model.proto, {@code ModelProto}; field numbers below are those of that file.
 * Immutable, thread-safe.
 *
 * @param vocabulary the pieces; padding and end-of-text are found by the names the trainer was
 *     given
 * @param normalization what happens to a text first
 */
record SentencePieceModel(UnigramVocabulary vocabulary, SentencePieceNormalization normalization) {
  private static final int UNIGRAM = 1;

  /**
   * Reads a model.
   *
   * @param file where the bytes came from, for messages
   * @throws TokenizerFormatException if the bytes are not such a model, or one that Wanlet cannot
   *     reproduce (BPE, white space as suffix, no pad or end-of-text piece)
   */
  static SentencePieceModel parse(byte[] bytes, Path file) throws TokenizerFormatException {
    try {
      return new Builder().read(new ProtobufReader(bytes)).build();
    } catch (MalformedException | IllegalArgumentException e) {
      throw new TokenizerFormatException(
          file,
          "not a usable SentencePiece model: "
              + e.getMessage()
              + ". Copy spiece.model again from the checkpoint (google/umt5-xxl)",
          e);
    }
  }

  private static final class Builder {
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private final List<String> pieces = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();
    private final List<PieceType> types = new ArrayList<>();
    private String eosPiece = "</s>";
    private String padPiece = "<pad>";
    private byte[] charsmap = {};
    private boolean addDummyPrefix = true;
    private boolean removeExtraWhitespaces = true;

    Builder read(ProtobufReader model) throws MalformedException {
      while (model.next()) {
        switch (model.field()) {
          case 1 -> readPiece(model.message());
          case 2 -> readTrainer(model.message());
          case 3 -> readNormalizer(model.message());
          default -> model.skip();
        }
      }
      return this;
    }

    private void readPiece(ProtobufReader message) throws MalformedException {
      String piece = "";
      float score = 0;
      PieceType type = PieceType.NORMAL;
      while (message.next()) {
        switch (message.field()) {
          case 1 -> piece = string(message);
          case 2 -> score = message.float32();
          case 3 -> type = PieceType.fromCode(message.varint());
          default -> message.skip();
        }
      }
      UnigramVocabulary.checkRoom(pieces.size());
      pieces.add(piece);
      scores.add(score);
      types.add(type);
    }

    private void readTrainer(ProtobufReader message) throws MalformedException {
      while (message.next()) {
        switch (message.field()) {
          case 3 -> {
            long type = message.varint();
            if (type != UNIGRAM) {
              throw new IllegalArgumentException(
                  "model_type is " + type + ", expected 1 (unigram); umT5 has no other");
            }
          }
          case 24 -> refuse(message.bool(), "treat_whitespace_as_suffix");
          case 47 -> eosPiece = string(message);
          case 48 -> padPiece = string(message);
          default -> message.skip();
        }
      }
    }

    private void readNormalizer(ProtobufReader message) throws MalformedException {
      while (message.next()) {
        switch (message.field()) {
          case 2 -> charsmap = message.bytes();
          case 3 -> addDummyPrefix = message.bool();
          case 4 -> removeExtraWhitespaces = message.bool();
          case 5 -> refuse(!message.bool(), "escape_whitespaces = false");
          default -> message.skip();
        }
      }
    }

    private static void refuse(boolean used, String setting) {
      if (used) {
        throw new IllegalArgumentException("it uses " + setting + ", which umT5 does not");
      }
    }

    private String string(ProtobufReader message) throws MalformedException {
      byte[] bytes = message.bytes();
      try {
        return utf8.decode(ByteBuffer.wrap(bytes)).toString();
      } catch (CharacterCodingException e) {
        throw new MalformedException(
            message.position() - bytes.length, "a string is not valid UTF-8");
      }
    }

    SentencePieceModel build() {
      if (pieces.isEmpty()) {
        throw new IllegalArgumentException("it has no pieces");
      }
      int unk = types.indexOf(PieceType.UNKNOWN);
      if (unk < 0 || types.lastIndexOf(PieceType.UNKNOWN) != unk) {
        throw new IllegalArgumentException(
            (unk < 0 ? "no" : "more than one") + " piece is of the type unknown, expected one");
      }
      UnigramVocabulary vocabulary =
          new UnigramVocabulary(pieces, scores, types, control(padPiece), control(eosPiece), unk);
      return new SentencePieceModel(
          vocabulary,
          new SentencePieceNormalization(charsmap, addDummyPrefix, removeExtraWhitespaces));
    }

    private int control(String name) {
      int id = pieces.indexOf(name);
      if (id < 0 || types.get(id) != PieceType.CONTROL) {
        throw new IllegalArgumentException("it has no control piece '" + name + "'");
      }
      return id;
    }
  }
}
