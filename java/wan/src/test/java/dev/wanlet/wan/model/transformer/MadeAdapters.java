// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * Makes adapters for a transformer, and the same transformer with them merged by plain loops. Test
 * helper.
 */
public final class MadeAdapters {
  private final Map<String, float[]> merged = new LinkedHashMap<>();
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  /** Begins with a transformer as it is. */
  public MadeAdapters(WeightSource source) {
    for (WeightTensor tensor : source.tensors()) {
      merged.put(tensor.name(), tensor.toFloats());
      shapes.put(tensor.name(), tensor.shape());
    }
  }

  /**
   * Writes an adapter for every layer, of one rank in blocks of even number and another one in the
   * others, and merges it.
   *
   * @param size of its changes beside the weights
   */
  public Path write(Path file, int even, int odd, double alpha, double strength, double size)
      throws IOException {
    Random random = new Random(even * 31L + odd);
    Map<String, float[]> values = new LinkedHashMap<>();
    Map<String, Shape> dims = new LinkedHashMap<>();
    for (String name : shapes.keySet()) {
      Shape shape = shapes.get(name);
      if (!name.endsWith(".weight") || shape.rank() < 2) {
        continue;
      }
      int block = name.contains("blocks.") ? Integer.parseInt(name.split("\\.")[1]) : 0;
      int rank = block % 2 == 0 ? even : odd;
      int out = (int) shape.dim(0);
      int in = (int) (shape.elements() / out);
      double spread = size * deviation(merged.get(name)) / Math.sqrt(rank);
      String module = "diffusion_model." + name.substring(0, name.length() - ".weight".length());
      float[] down = randoms(random, rank * in, 1);
      float[] up = randoms(random, out * rank, spread);
      values.put(module + ".lora_A.weight", down);
      dims.put(module + ".lora_A.weight", Shape.of(rank, in));
      values.put(module + ".lora_B.weight", up);
      dims.put(module + ".lora_B.weight", Shape.of(out, rank));
      values.put(module + ".alpha", new float[] {(float) (alpha * rank)});
      dims.put(module + ".alpha", Shape.of());
      merge(merged.get(name), up, down, rank, strength * alpha);
    }
    for (String name : shapes.keySet()) {
      if (name.endsWith(".norm3.weight") || name.endsWith("ffn.0.bias")) {
        boolean bias = name.endsWith("bias");
        String module = name.substring(0, name.lastIndexOf('.'));
        float[] difference = randoms(random, merged.get(name).length, 0.01);
        values.put(module + (bias ? ".diff_b" : ".diff"), difference);
        dims.put(module + (bias ? ".diff_b" : ".diff"), shapes.get(name));
        for (int i = 0; i < difference.length; i++) {
          merged.get(name)[i] += (float) strength * difference[i];
        }
      }
    }
    return write(file, values, dims);
  }

  private static void merge(float[] weight, float[] up, float[] down, int rank, double scale) {
    int in = down.length / rank;
    for (int o = 0; o < up.length / rank; o++) {
      for (int r = 0; r < rank; r++) {
        double factor = scale * up[o * rank + r];
        for (int i = 0; i < in; i++) {
          weight[o * in + i] += (float) (factor * down[r * in + i]);
        }
      }
    }
  }

  /** Writes the transformer with all adapters merged, in F32. */
  public Path writeMerged(Path file) throws IOException {
    return write(file, merged, shapes);
  }

  private static Path write(Path file, Map<String, float[]> values, Map<String, Shape> dims)
      throws IOException {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      values.keySet().forEach(name -> writer.declare(name, StoredType.F32, dims.get(name)));
      for (Map.Entry<String, float[]> tensor : values.entrySet()) {
        ByteBuffer bytes =
            ByteBuffer.allocate(4 * tensor.getValue().length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(tensor.getValue());
        writer.append(tensor.getKey(), bytes);
      }
      writer.commit();
    }
    return file;
  }

  private static double deviation(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  private static float[] randoms(Random random, int count, double size) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (size * random.nextGaussian());
    }
    return values;
  }
}
