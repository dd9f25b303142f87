// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes small adapter files of F32 tensors. Test helper. */
final class AdapterBuilder {
  private record Data(float[] values, Shape shape) {}

  private final Map<String, Data> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  AdapterBuilder put(String name, float[] values, long... shape) {
    tensors.put(name, new Data(values, Shape.of(shape)));
    return this;
  }

  AdapterBuilder say(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  LoraAdapter open(Path file, double strength) throws IOException {
    write(file);
    return LoraAdapter.open(new AdapterFile(file, strength));
  }

  void write(Path file) throws IOException {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      metadata.forEach(writer::put);
      tensors.forEach((name, data) -> writer.declare(name, StoredType.F32, data.shape));
      for (Map.Entry<String, Data> tensor : tensors.entrySet()) {
        float[] values = tensor.getValue().values;
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        writer.append(tensor.getKey(), bytes);
      }
      writer.commit();
    }
  }
}
