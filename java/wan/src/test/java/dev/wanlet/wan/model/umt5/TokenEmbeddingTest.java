// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows of a token table gathered on the host, against the whole table widened. */
class TokenEmbeddingTest {
  private static final int VOCAB = 7;
  private static final int DIM = 256;

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource(
      value = TensorType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q4_K", "Q6_K"})
  void gathersRowsOfAnyType(TensorType type) throws IOException {
    Path file = directory.resolve("table.gguf");
    float[] whole = write(file, type);
    int[] ids = {6, 0, 3, 3};
    try (WeightSource source = GgufFile.open(file)) {
      TokenEmbedding embedding = new TokenEmbedding(source.require("token_embd.weight"));
      assertThat(embedding.vocab()).isEqualTo(VOCAB);
      float[] rows = embedding.rows(ids);
      assertThat(rows).hasSize(ids.length * DIM);
      for (int i = 0; i < ids.length; i++) {
        assertThat(Arrays.copyOfRange(rows, i * DIM, (i + 1) * DIM))
            .isEqualTo(Arrays.copyOfRange(whole, ids[i] * DIM, (ids[i] + 1) * DIM));
      }
      assertThatThrownBy(() -> embedding.rows(new int[] {VOCAB}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("vocabulary of 7");
      assertThatThrownBy(() -> embedding.rows(new int[] {-1}))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new TokenEmbedding(source.require("vector")))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("vector");
    }
  }

  /** Writes a random table and returns it as it reads back. */
  private static float[] write(Path file, TensorType type) throws IOException {
    Random random = new Random(11);
    float[] whole = new float[VOCAB * DIM];
    try (HostMemory wide = new HostMemory(4L * whole.length);
        HostMemory stored = new HostMemory(type.bytes(Shape.of(VOCAB, DIM)));
        GgufWriter writer = GgufWriter.create(file)) {
      var floats = wide.view(0, 4 * whole.length).asFloatBuffer();
      for (int i = 0; i < whole.length; i++) {
        floats.put(i, (float) random.nextGaussian());
      }
      Quantization.quantize(type, wide.address(), stored.address(), VOCAB, DIM, 0);
      Quantization.dequantize(type, stored.address(), wide.address(), whole.length);
      floats.get(0, whole);
      writer.declare("vector", TensorType.F32, Shape.of(DIM));
      writer.declare("token_embd.weight", type, Shape.of(VOCAB, DIM));
      writer.append("vector", wide.address(), 4L * DIM);
      writer.append("token_embd.weight", stored.address(), stored.bytes());
      writer.commit();
    }
    return whole;
  }
}
