// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.models;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * Writes what a clip needs beside a transformer, with seeded random weights and names that other
 * programs read too: the Wan 2.1 VAE at its real size, and a text encoder of the real width but one
 * layer, whose time and memory do not count. Stateless.
 */
public final class StandInParts {
  private static final int TEXT_WIDTH = 4096;
  private static final int HEAD = 64;
  private static final int BUCKETS = 32;
  private static final int VOCABULARY = 8192; // more than any id of the demo model's tokenizer
  private static final float STANDARD_DEVIATION = 0.02f;

  /** File names in the folder that they are written to. */
  public static final String VAE = "vae.safetensors";

  public static final String TEXT_ENCODER = "umt5.safetensors";

  private StandInParts() {}

  /** Takes the folder to write {@code vae.safetensors} and {@code umt5.safetensors} to. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      throw new IllegalArgumentException("give one argument: the folder to write to");
    }
    Path folder = Files.createDirectories(Path.of(args[0]));
    writeVae(folder);
    writeTextEncoder(folder);
  }

  /** Writes {@link #VAE}. */
  public static void writeVae(Path folder) throws IOException {
    write(
        folder.resolve(VAE),
        ModelCatalog.standard().require("wan2.1-t2v-1.3b").vae().config().orElseThrow().tensors(),
        1);
  }

  /** Writes {@link #TEXT_ENCODER}. */
  public static void writeTextEncoder(Path folder) throws IOException {
    write(folder.resolve(TEXT_ENCODER), textEncoderShapes(), 2);
  }

  private static Map<String, Shape> textEncoderShapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("shared.weight", Shape.of(VOCABULARY, TEXT_WIDTH));
    shapes.put("encoder.final_layer_norm.weight", Shape.of(TEXT_WIDTH));
    String attention = "encoder.block.0.layer.0.";
    String feedForward = "encoder.block.0.layer.1.";
    for (String part : new String[] {"q", "k", "v"}) {
      shapes.put(attention + "SelfAttention." + part + ".weight", Shape.of(HEAD, TEXT_WIDTH));
    }
    shapes.put(attention + "SelfAttention.o.weight", Shape.of(TEXT_WIDTH, HEAD));
    shapes.put(attention + "SelfAttention.relative_attention_bias.weight", Shape.of(BUCKETS, 1));
    shapes.put(attention + "layer_norm.weight", Shape.of(TEXT_WIDTH));
    for (String part : new String[] {"wi_0", "wi_1"}) {
      shapes.put(feedForward + "DenseReluDense." + part + ".weight", Shape.of(HEAD, TEXT_WIDTH));
    }
    shapes.put(feedForward + "DenseReluDense.wo.weight", Shape.of(TEXT_WIDTH, HEAD));
    shapes.put(feedForward + "layer_norm.weight", Shape.of(TEXT_WIDTH));
    return shapes;
  }

  private static void write(Path file, Map<String, Shape> shapes, long seed) throws IOException {
    Random random = new Random(seed);
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      shapes.forEach((name, shape) -> writer.declare(name, StoredType.F16, shape));
      for (Map.Entry<String, Shape> tensor : shapes.entrySet()) {
        int elements = Math.toIntExact(tensor.getValue().elements());
        try (HostMemory floats = new HostMemory(4L * elements);
            HostMemory halves = new HostMemory(TensorType.F16.bytes(elements))) {
          fill(floats, elements, tensor.getKey(), random);
          Quantization.quantize(TensorType.F16, floats.address(), halves.address(), 1, elements, 0);
          writer.append(tensor.getKey(), halves.address(), halves.bytes());
        }
      }
      writer.commit();
    }
  }

  /** Norms are 1, or signals would die out on their way. */
  private static void fill(HostMemory floats, int elements, String name, Random random) {
    boolean norm = name.endsWith("gamma") || name.endsWith("norm.weight");
    var values = floats.view(0, 4 * elements).asFloatBuffer();
    for (int i = 0; i < elements; i++) {
      values.put(norm ? 1f : (float) random.nextGaussian() * STANDARD_DEVIATION);
    }
  }
}
