// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import ai.djl.huggingface.tokenizers.Encoding;
import dev.wanlet.weights.checkpoint.WeightFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * umT5's tokenizer: text to token ids by the best path through a unigram vocabulary, with byte
 * fallback.
 *
 * <p>The vocabulary comes from a SentencePiece model, a {@code tokenizer.json} or a GGUF file;
 * whatever the way, the file is read and checked here and run by Hugging Face's tokenizers library
 * (the one Wan's reference runs) through DJL. Prompts never yield control tokens: {@code </s>} in a
 * prompt is four characters of text.
 *
 * <p>A text passes through the library twice: first to be normalised, then, with the pieces that
 * occur in it as the whole vocabulary, to be cut. Holding all of umT5's 256,000 pieces there would
 * take it a second to load and 0.4 GiB; pieces that do not occur cannot change the result.
 *
 * <p>Ids are SentencePiece's, with one exception that the reference shares: the library normalises
 * a character and the marks on it as one, so a combining mark on a compatibility character (an
 * Arabic presentation form, a ligature) is dropped where the character map does not know the pair.
 *
 * <p>Owns native memory: close it. Thread-safe; {@link #close()} is idempotent and waits for
 * running calls. Source: Wan2.1 wan/modules/tokenizers.py, {@code HuggingfaceTokenizer}.
 */
public final class Tokenizer implements AutoCloseable {
  /** Larger files are refused; umT5's are 4.5 MB (spiece.model) and 17 MB (tokenizer.json). */
  private static final long MAX_FILE_BYTES = 256L << 20;

  private static final String UNKNOWN_SURFACE = " \u2047 ";

  private final UnigramVocabulary vocabulary;
  private final BytePieces bytePieces;
  private final PieceIndex index;
  private final NativeUnigram normalizer;
  private final Path source;

  private Tokenizer(UnigramVocabulary vocabulary, TokenizerPipeline pipeline, Path source)
      throws TokenizerFormatException {
    this.vocabulary = vocabulary;
    this.bytePieces = BytePieces.of(vocabulary);
    this.source = source;
    try {
      this.index = new PieceIndex(vocabulary);
    } catch (IllegalArgumentException e) {
      throw new TokenizerFormatException(source, e.getMessage(), e);
    }
    this.normalizer = NativeUnigram.open(NativeDefinition.stepsOnly(pipeline), source);
  }

  /**
   * Opens a {@code *.json} as tokenizer.json, a GGUF file by its vocabulary, and any other file as
   * a SentencePiece model.
   *
   * @throws TokenizerFormatException if the file is damaged or of another kind
   */
  public static Tokenizer open(Path file) throws IOException {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (Files.isRegularFile(file) && WeightFormat.detect(file) == WeightFormat.GGUF) {
      return GgufVocabulary.open(file);
    }
    return name.endsWith(".json") ? fromTokenizerJson(file) : fromSpiece(file);
  }

  /** Opens a SentencePiece model ({@code spiece.model}). */
  public static Tokenizer fromSpiece(Path file) throws IOException {
    return fromSpiece(readAll(file), file);
  }

  /**
   * Opens a SentencePiece model.
   *
   * @param source where the bytes came from, for messages
   */
  public static Tokenizer fromSpiece(byte[] bytes, Path source) throws TokenizerFormatException {
    SentencePieceModel model = SentencePieceModel.parse(bytes, source);
    return fromVocabulary(model.vocabulary(), model.normalization(), source);
  }

  /** Opens a Hugging Face {@code tokenizer.json} with a Unigram model. */
  public static Tokenizer fromTokenizerJson(Path file) throws IOException {
    return fromTokenizerJson(readAll(file), file);
  }

  /**
   * Opens a Hugging Face {@code tokenizer.json} with a Unigram model.
   *
   * @param source where the bytes came from, for messages
   */
  public static Tokenizer fromTokenizerJson(byte[] bytes, Path source)
      throws TokenizerFormatException {
    TokenizerJson json = TokenizerJson.parse(bytes, source);
    return new Tokenizer(json.vocabulary(), json.pipeline(), source);
  }

  /**
   * Opens a vocabulary that is part of another file, such as a GGUF with {@code
   * tokenizer.ggml.model} "t5": {@code tokens}, {@code scores}, {@code token_type} and the {@code
   * *_token_id} keys make the vocabulary; {@code precompiled_charsmap}, {@code add_space_prefix}
   * and {@code remove_extra_whitespaces} the normalisation.
   *
   * @param source the file, for messages
   */
  public static Tokenizer fromVocabulary(
      UnigramVocabulary vocabulary, SentencePieceNormalization normalization, Path source)
      throws TokenizerFormatException {
    TokenizerPipeline pipeline;
    try {
      pipeline = TokenizerPipeline.of(normalization);
    } catch (IllegalArgumentException e) {
      throw new TokenizerFormatException(source, e.getMessage(), e);
    }
    return new Tokenizer(vocabulary, pipeline, source);
  }

  /**
   * Finds the tokenizer that belongs to a model: in the folder, or beside the file and one folder
   * up, as {@code google/umt5-xxl/}, {@code tokenizer/} or the folder itself hold {@code
   * spiece.model} or {@code tokenizer.json}.
   *
   * @param model a model folder or one of its files
   */
  public static Optional<Path> locate(Path model) {
    Path absolute = model.toAbsolutePath().normalize();
    if (Files.isRegularFile(absolute) && isTokenizerName(absolute)) {
      return Optional.of(absolute);
    }
    Path folder = Files.isDirectory(absolute) ? absolute : absolute.getParent();
    // A diffusers checkpoint holds text_encoder/model.safetensors and, beside it, tokenizer/.
    Path outer = Files.isDirectory(absolute) || folder == null ? null : folder.getParent();
    return Stream.of(folder, outer)
        .filter(Objects::nonNull)
        .flatMap(f -> Stream.of(f.resolve("google/umt5-xxl"), f.resolve("tokenizer"), f))
        .flatMap(f -> Stream.of(f.resolve("spiece.model"), f.resolve("tokenizer.json")))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private static boolean isTokenizerName(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.equals("tokenizer.json") || name.endsWith(".model");
  }

  /**
   * Ids of a text, end-of-text last.
   *
   * @param cleanedText the text, see {@link PromptCleaner}; lone surrogates count as U+FFFD
   * @param maxLength at most so many ids, end-of-text included; a longer text loses its end
   * @throws IllegalArgumentException if {@code maxLength} is below 1
   * @throws IllegalStateException if this tokenizer is closed
   */
  public int[] encode(String cleanedText, int maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException("maxLength is " + maxLength + ", expected at least 1");
    }
    int[] ids = segment(cleanedText).ids();
    int kept = Math.min(ids.length, maxLength - 1);
    int[] result = Arrays.copyOf(ids, kept + 1);
    result[kept] = vocabulary.eosId();
    return result;
  }

  /** The pieces a text is cut into, without end-of-text; bytes as {@code <0xF0>}. */
  public List<String> pieces(String cleanedText) {
    return segment(cleanedText).pieces();
  }

  /**
   * The text that ids stand for; control pieces count as nothing, bytes that are not UTF-8 as
   * U+FFFD.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary
   */
  public String decode(int[] ids) {
    StringBuilder text = new StringBuilder();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      if (id < 0 || id >= vocabulary.size()) {
        throw new IllegalArgumentException(
            "token id %d is not in the vocabulary, expected 0 to %d"
                .formatted(id, vocabulary.size() - 1));
      }
      PieceType type = vocabulary.types().get(id);
      String piece = vocabulary.pieces().get(id);
      if (type == PieceType.BYTE) {
        bytes.write(BytePieces.valueOf(piece));
        continue;
      }
      text.append(bytes.toString(StandardCharsets.UTF_8));
      bytes.reset();
      if (type == PieceType.UNKNOWN) {
        text.append(UNKNOWN_SURFACE);
      } else if (type != PieceType.CONTROL) {
        // Leading spaces are the dummy prefix, or could not have been there.
        boolean atStart = text.length() == 0 && piece.startsWith(TokenizerPipeline.SPACE_SYMBOL);
        text.append(
            (atStart ? piece.substring(1) : piece).replace(TokenizerPipeline.SPACE_SYMBOL, " "));
      }
    }
    return text.append(bytes.toString(StandardCharsets.UTF_8)).toString();
  }

  /** Number of ids; the text encoder's embedding table may have more rows. */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /** Id that fills up short prompts. */
  public int padId() {
    return vocabulary.padId();
  }

  /** Id that ends a prompt. */
  public int eosId() {
    return vocabulary.eosId();
  }

  /** Id of text that cannot be spelled. */
  public int unkId() {
    return vocabulary.unkId();
  }

  @Override
  public void close() {
    normalizer.close();
  }

  private record Segmentation(int[] ids, List<String> pieces) {}

  private Segmentation segment(String text) {
    List<String> words =
        List.of(normalizer.encode(List.of(replaceLoneSurrogates(text))).getTokens());
    if (words.isEmpty()) {
      return new Segmentation(new int[0], List.of());
    }
    int[] candidates = index.occurringIn(words);
    Encoding encoding;
    try (NativeUnigram cutter =
        NativeUnigram.open(NativeDefinition.piecesOnly(index, candidates), source)) {
      encoding = cutter.encode(words);
    } catch (TokenizerFormatException e) {
      throw new IllegalStateException("a checked vocabulary was refused", e);
    }
    long[] found = encoding.getIds();
    String[] surfaces = encoding.getTokens();
    IntStream.Builder ids = IntStream.builder();
    List<String> pieces = new ArrayList<>(found.length);
    for (int i = 0; i < found.length; i++) {
      if (found[i] != NativeDefinition.UNKNOWN_ID) {
        ids.add(candidates[Math.toIntExact(found[i]) - 1]);
        pieces.add(surfaces[i]);
      } else if (bytePieces == null) {
        ids.add(vocabulary.unkId());
        pieces.add(surfaces[i]);
      } else {
        for (int byteId : bytePieces.spell(surfaces[i])) {
          ids.add(byteId);
          pieces.add(vocabulary.pieces().get(byteId));
        }
      }
    }
    return new Segmentation(ids.build().toArray(), pieces);
  }

  /** The native library takes modified UTF-8, where half a pair has no meaning. */
  private static String replaceLoneSurrogates(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.UTF_16LE);
  }

  private static byte[] readAll(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString(), null, "no such tokenizer file");
    }
    long size = Files.size(file);
    if (size > MAX_FILE_BYTES) {
      throw new TokenizerFormatException(
          file, "it has %d bytes, a tokenizer has at most %d".formatted(size, MAX_FILE_BYTES));
    }
    return Files.readAllBytes(file);
  }
}
