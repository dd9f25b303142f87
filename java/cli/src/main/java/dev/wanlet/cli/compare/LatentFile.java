// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Latents of a finished clip, as a safetensors file of one tensor. Stateless. */
final class LatentFile {
  private static final String NAME = "latents";

  private LatentFile() {}

  /** Where those of a clip are kept. */
  static Path of(Path clip) {
    return clip.resolveSibling(clip.getFileName() + ".latents.safetensors");
  }

  /**
   * Writes a file that appears whole or not at all.
   *
   * @param shape [C, T, H, W]
   */
  static void write(Path file, Shape shape, float[] latents) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, latents.length))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(latents);
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      writer.declare(NAME, StoredType.F32, shape);
      writer.append(NAME, bytes);
      writer.commit();
    }
  }

  /**
   * Reads it.
   *
   * @throws IOException if it is missing or damaged
   */
  static float[] read(Path file) throws IOException {
    try (WeightSource source = SafetensorsFile.open(file)) {
      return source.require(NAME).toFloats();
    }
  }
}
