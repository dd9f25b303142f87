// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.quantize.TokenizerProvider;
import dev.wanlet.wan.text.GgufVocabulary;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Lets {@code quantize} embed the SentencePiece model that lies beside a text encoder. Stateless.
 */
public final class SentencePieceProvider implements TokenizerProvider {
  /** umT5's has 4.5 MB. */
  private static final long MAX_BYTES = 256L << 20;

  @Override
  public Map<String, GgufValue> find(Path checkpoint, int rows) throws IOException {
    Path file = Tokenizer.locate(checkpoint).orElse(null);
    // tokenizer.json says what to do in steps, GGUF in SentencePiece's own settings.
    boolean usable =
        file != null && !file.toString().endsWith(".json") && Files.size(file) <= MAX_BYTES;
    return usable ? read(Files.readAllBytes(file), file, rows) : Map.of();
  }

  @Override
  public Map<String, GgufValue> read(byte[] model, Path source, int rows) throws IOException {
    return GgufVocabulary.of(model, source, rows);
  }
}
