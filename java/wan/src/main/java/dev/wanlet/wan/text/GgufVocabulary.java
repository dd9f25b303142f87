// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A unigram vocabulary in the metadata of a GGUF file, under llama.cpp's keys for a "t5" tokenizer:
 * ComfyUI-GGUF makes its tokenizer from the same ones. Stateless, thread-safe.
 *
 * <p>Source: llama.cpp convert_hf_to_gguf.py, T5's {@code set_vocab}.
 */
public final class GgufVocabulary {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final String MODEL = PREFIX + "model";
  private static final String TOKENS = PREFIX + "tokens";
  private static final String SCORES = PREFIX + "scores";
  private static final String TYPES = PREFIX + "token_type";
  private static final String EOS = PREFIX + "eos_token_id";
  private static final String UNKNOWN = PREFIX + "unknown_token_id";
  private static final String PADDING = PREFIX + "padding_token_id";
  private static final String CHARSMAP = PREFIX + "precompiled_charsmap";
  private static final String SPACE_PREFIX = PREFIX + "add_space_prefix";
  private static final String EXTRA_SPACES = PREFIX + "remove_extra_whitespaces";
  private static final String T5 = "t5";
  private static final String END = "</s>";

  /** The score llama.cpp gives to rows of the embedding that have no piece. */
  private static final float UNUSED_SCORE = -10_000;

  private GgufVocabulary() {}

  /**
   * The keys and values that stand for a SentencePiece model.
   *
   * @param spiece the bytes of a spiece.model
   * @param source where they came from, for messages
   * @param rows rows of the token embedding; a shorter vocabulary is filled up with unused pieces
   * @throws TokenizerFormatException if the model is damaged or has more pieces than rows
   */
  public static Map<String, GgufValue> of(byte[] spiece, Path source, int rows)
      throws TokenizerFormatException {
    SentencePieceModel model = SentencePieceModel.parse(spiece, source);
    UnigramVocabulary v = model.vocabulary();
    if (v.size() > rows) {
      throw new TokenizerFormatException(
          source,
          "it has "
              + v.size()
              + " pieces, but the token embedding "
              + rows
              + " rows; it is of another model");
    }
    List<String> tokens = new ArrayList<>(v.pieces());
    float[] scores = new float[rows];
    int[] types = new int[rows];
    for (int id = 0; id < rows; id++) {
      boolean used = id < v.size();
      if (!used) {
        tokens.add("[PAD" + id + "]");
      }
      scores[id] = used ? v.scores().get(id) : UNUSED_SCORE;
      types[id] = (used ? v.types().get(id) : PieceType.UNUSED).code();
    }
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put(MODEL, GgufValue.of(T5));
    values.put(PREFIX + "pre", GgufValue.of("default"));
    values.put(TOKENS, GgufValue.stringArray(tokens));
    values.put(SCORES, GgufValue.f32Array(scores));
    values.put(TYPES, GgufValue.i32Array(types));
    values.put(SPACE_PREFIX, GgufValue.of(model.normalization().addDummyPrefix()));
    values.put(EXTRA_SPACES, GgufValue.of(model.normalization().removeExtraWhitespaces()));
    byte[] charsmap = model.normalization().precompiledCharsmap();
    if (charsmap.length > 0) {
      values.put(CHARSMAP, GgufValue.u8Array(charsmap));
    }
    values.put(EOS, GgufValue.u32(v.eosId()));
    values.put(UNKNOWN, GgufValue.u32(v.unkId()));
    values.put(PADDING, GgufValue.u32(v.padId()));
    values.put(PREFIX + "add_bos_token", GgufValue.of(false));
    values.put(PREFIX + "add_eos_token", GgufValue.of(true));
    return values;
  }

  /**
   * Opens the tokenizer of a GGUF file.
   *
   * @throws TokenizerFormatException if the file has no such vocabulary, or a damaged one
   * @throws IOException if the file cannot be read
   */
  static Tokenizer open(Path path) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      String model = file.string(MODEL).orElse("none");
      if (!model.equals(T5)) {
        throw new TokenizerFormatException(
            path,
            "its tokenizer is '"
                + model
                + "', expected 't5'; give the checkpoint's spiece.model as the tokenizer");
      }
      List<String> tokens = file.strings(TOKENS).orElse(List.of());
      float[] scores = file.floats(SCORES).orElse(new float[0]);
      long[] types = file.integers(TYPES).orElse(new long[0]);
      if (types.length == 0 && !tokens.isEmpty()) {
        throw new TokenizerFormatException(
            path,
            "its vocabulary does not say which tokens are control or byte pieces ("
                + TYPES
                + "); give the checkpoint's spiece.model as the tokenizer");
      }
      if (scores.length != tokens.size() || types.length != tokens.size()) {
        throw new TokenizerFormatException(
            path,
            "it has %d tokens, %d scores and %d types, expected equal counts"
                .formatted(tokens.size(), scores.length, types.length));
      }
      try {
        UnigramVocabulary.checkRoom(Math.max(0, tokens.size() - 1));
        return Tokenizer.fromVocabulary(
            vocabulary(file, tokens, scores, types), normalization(file), path);
      } catch (IllegalArgumentException e) {
        throw new TokenizerFormatException(
            path, "its vocabulary cannot be used: " + e.getMessage(), e);
      }
    }
  }

  private static UnigramVocabulary vocabulary(
      GgufFile file, List<String> tokens, float[] scores, long[] types) throws IOException {
    int end = tokens.indexOf(END);
    if (end >= 0 && id(file, EOS, end) != end) {
      throw new IllegalArgumentException(
          "it says that text ends with token %d, but '%s' is %d; give the checkpoint's spiece.model"
                  .formatted(id(file, EOS, end), END, end)
              + " as the tokenizer");
    }
    List<Float> scoreList = new ArrayList<>(scores.length);
    List<PieceType> typeList = new ArrayList<>(types.length);
    for (int id = 0; id < scores.length; id++) {
      scoreList.add(scores[id]);
      typeList.add(PieceType.fromCode(types[id]));
    }
    return new UnigramVocabulary(
        tokens,
        scoreList,
        typeList,
        id(file, PADDING, 0),
        id(file, EOS, end),
        id(file, UNKNOWN, typeList.indexOf(PieceType.UNKNOWN)));
  }

  private static int id(GgufFile file, String key, int otherwise) throws IOException {
    long id = file.integer(key).orElse(otherwise);
    return (int) Math.max(-1, Math.min(id, Integer.MAX_VALUE));
  }

  private static SentencePieceNormalization normalization(GgufFile file) throws IOException {
    long[] numbers = file.integers(CHARSMAP).orElse(new long[0]);
    byte[] charsmap = new byte[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      charsmap[i] = (byte) numbers[i];
    }
    return new SentencePieceNormalization(
        charsmap, file.bool(SPACE_PREFIX).orElse(true), file.bool(EXTRA_SPACES).orElse(true));
  }
}
