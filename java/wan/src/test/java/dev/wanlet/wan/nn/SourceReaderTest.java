// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.umt5.TokenEmbedding;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights of every stored type arrive, or are refused with their name. */
class SourceReaderTest {
  private static final int COLUMNS = 256;

  @TempDir Path folder;

  private Path file(TensorType type, ByteBuffer bytes) throws IOException {
    Path file = folder.resolve("w.gguf");
    try (GgufWriter writer = GgufWriter.create(file)) {
      writer.declare("w", type, Shape.of(1, COLUMNS));
      writer.append("w", bytes);
      writer.commit();
    }
    return file;
  }

  private static float[] load(WeightSource source) throws IOException {
    TypePolicy types = SourceTypes.of(source, Precision.AUTO, Device.cpu());
    WeightLayout layout = WeightLayout.builder(types).matrix("w", 1, COLUMNS).build();
    try (Backend backend = Backend.open(Device.cpu());
        NetworkWeights weights = NetworkWeights.open(backend, layout, new SourceReader(source))) {
      return weights.outer().get("w").toFloats();
    }
  }

  @Test
  void doublesAreRounded() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 * COLUMNS).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < COLUMNS; i++) {
      bytes.putDouble(i / 3.0);
    }
    try (WeightSource source = GgufFile.open(file(TensorType.F64, bytes.flip()))) {
      assertThat(load(source)).startsWith(0, (float) (1 / 3.0), (float) (2 / 3.0));
    }
  }

  @Test
  void typesOfActivationsAreRefusedByName() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) TensorType.Q8_K.bytes(COLUMNS));
    try (WeightSource source = GgufFile.open(file(TensorType.Q8_K, bytes))) {
      assertThatThrownBy(() -> load(source))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("'w'")
          .hasMessageContaining("Q8_K");
      assertThatThrownBy(() -> new TokenEmbedding(source.require("w")))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("Q8_K");
    }
  }
}
