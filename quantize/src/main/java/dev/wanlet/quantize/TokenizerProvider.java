// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.weights.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Knows how to put a text encoder's vocabulary into a GGUF file. Found with {@link
 * java.util.ServiceLoader}, because reading tokenizer files is the runtime's work. Implementations
 * are stateless.
 */
public interface TokenizerProvider {
  /**
   * Finds the tokenizer that belongs to a checkpoint.
   *
   * @param checkpoint the file or folder the user named
   * @param rows rows of the token embedding; a shorter vocabulary is filled up with unused pieces
   * @return {@code tokenizer.ggml.*} keys and values as llama.cpp writes them for a "t5" model;
   *     empty if there is no tokenizer beside the checkpoint
   * @throws IOException if there is one and it cannot be read
   */
  Map<String, GgufValue> find(Path checkpoint, int rows) throws IOException;

  /**
   * Reads a SentencePiece model.
   *
   * @param model the bytes of a spiece.model
   * @param source where they came from, for messages
   * @param rows as for {@link #find}
   * @return as {@link #find}
   * @throws IOException if it is damaged
   */
  Map<String, GgufValue> read(byte[] model, Path source, int rows) throws IOException;
}
