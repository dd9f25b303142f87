// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.text.GgufVocabulary;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.wan.text.TokenizerFormatException;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.write.GgufWriter;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerFilesTest {
  private static final String TEXT = "a red circle, 红色 \uD83E\uDD8A";

  @TempDir private Path folder;
  private Path spiece;
  private byte[] bytes;

  @BeforeEach
  void readSpiece() throws IOException {
    spiece = DemoModel.directory().resolve("google/umt5-xxl/spiece.model");
    bytes = Files.readAllBytes(spiece);
  }

  private Path safetensors(String tensor) throws IOException {
    Path file = folder.resolve("umt5.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      writer.declare(tensor, StoredType.U8, Shape.of(bytes.length));
      writer.append(tensor, ByteBuffer.wrap(bytes));
      writer.commit();
    }
    return file;
  }

  private Path gguf() throws IOException {
    return gguf(GgufVocabulary.of(bytes, spiece, 684));
  }

  private Path gguf(Map<String, GgufValue> vocabulary) throws IOException {
    Path file = folder.resolve("umt5.gguf");
    try (GgufWriter writer = GgufWriter.create(file)) {
      vocabulary.forEach(writer::put);
      writer.declare("x", TensorType.F32, Shape.of(1));
      writer.append("x", ByteBuffer.allocate(Float.BYTES));
      writer.commit();
    }
    return file;
  }

  @Test
  void everyPlaceGivesTheSameIds() throws IOException {
    try (Tokenizer original = Tokenizer.open(spiece)) {
      for (Path file : new Path[] {spiece, safetensors("spiece_model"), gguf()}) {
        try (Tokenizer tokenizer = TokenizerFiles.open(file)) {
          assertThat(tokenizer.encode(TEXT, 512))
              .as(file.toString())
              .isEqualTo(original.encode(TEXT, 512));
        }
      }
    }
  }

  @Test
  void weightFilesWithoutATokenizerAreRefused() throws IOException {
    Path file = safetensors("other");
    assertThatThrownBy(() -> TokenizerFiles.open(file))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContainingAll("umt5.safetensors", "spiece_model");
  }

  /** Without types, control tokens and bytes would be taken for words. */
  @Test
  void aVocabularyWithoutTypesIsRefused() throws IOException {
    Map<String, GgufValue> vocabulary = new LinkedHashMap<>(GgufVocabulary.of(bytes, spiece, 684));
    vocabulary.remove("tokenizer.ggml.token_type");
    Path file = gguf(vocabulary);
    assertThatThrownBy(() -> TokenizerFiles.open(file))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContainingAll(
            "umt5.gguf", "tokenizer.ggml.token_type", "give the checkpoint's spiece.model");
  }

  /** Ids of another vocabulary would end every prompt with another token, unseen. */
  @Test
  void anEndThatIsNotTheVocabularysIsRefused() throws IOException {
    Map<String, GgufValue> vocabulary = new LinkedHashMap<>(GgufVocabulary.of(bytes, spiece, 684));
    vocabulary.put("tokenizer.ggml.eos_token_id", GgufValue.u32(0));
    Path file = gguf(vocabulary);
    assertThatThrownBy(() -> TokenizerFiles.open(file))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContainingAll("umt5.gguf", "text ends with token 0", "'</s>' is 1");
  }
}
