// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.checkpoint.WeightFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Tokenizers wherever they are: in files of their own, or inside the text encoder's file, as GGUF
 * metadata or, in Comfy-Org's files, as a tensor that holds the bytes of {@code spiece.model}.
 * Stateless, thread-safe.
 */
public final class TokenizerFiles {
  private static final String GGUF_KEY = "tokenizer.ggml.tokens";
  private static final String SPIECE_TENSOR = "spiece_model";

  private TokenizerFiles() {}

  /**
   * The file of a weight source that brings a tokenizer: where there are several, llama.cpp writes
   * the vocabulary into the first.
   */
  static Optional<Path> inside(WeightSource source) {
    Optional<Path> spiece = source.find(SPIECE_TENSOR).map(WeightTensor::file);
    return spiece.or(
        () ->
            source.metadata().containsKey(GGUF_KEY)
                ? Optional.of(source.files().get(0))
                : Optional.empty());
  }

  /**
   * Opens a tokenizer; the result does not need the file any more.
   *
   * @param file {@code spiece.model}, {@code tokenizer.json}, or a weight file with a tokenizer
   * @throws IOException if it cannot be read, is damaged or of an unknown kind
   */
  public static Tokenizer open(Path file) throws IOException {
    if (WeightFormat.detect(file) != WeightFormat.SAFETENSORS) {
      return Tokenizer.open(file);
    }
    try (WeightSource source = WeightFiles.open(file)) {
      WeightTensor model = source.require(SPIECE_TENSOR);
      byte[] bytes = new byte[Math.toIntExact(model.byteLength())];
      model.buffer().get(bytes);
      return Tokenizer.fromSpiece(bytes, file);
    }
  }
}
