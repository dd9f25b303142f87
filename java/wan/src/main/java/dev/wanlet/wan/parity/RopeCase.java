// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.RotaryEmbedding3d;
import dev.wanlet.wan.nn.TimestepFeatures;
import java.io.IOException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Rotary embedding and timestep features. */
final class RopeCase implements ParityCase {
  private static final Pattern TABLE =
      Pattern.compile("grid(\\d+)_(\\d+)_(\\d+)(\\.first(\\d+)_last(\\d+))?\\.(cos|sin)(_f64)?");
  private static final Pattern SINUSOID = Pattern.compile("sinusoid_(\\d+)");
  private static final int MAX_NODES = 16;

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    int headDim = folder.required("head_dim").asInt();
    Shape x = folder.inputs().require("x").shape();
    if (x.rank() != 3 || x.dim(2) != headDim) {
      throw folder.bad("input 'x' has shape " + x + ", expected [L, heads, " + headDim + "]");
    }
    for (String tap : folder.outputValues().keySet()) {
      Matcher table = TABLE.matcher(tap);
      Matcher sinusoid = SINUSOID.matcher(tap);
      if (table.matches()) {
        int[][] positions =
            RotaryEmbedding3d.positions(number(table, 1), number(table, 2), number(table, 3));
        if (table.group(4) != null) {
          positions = ends(positions, number(table, 5), number(table, 6));
        } else if (positions[0].length == x.dim(0)) {
          sink.accept("rotated", rotate(engine.backend(), folder, x, positions));
        }
        RotaryEmbedding3d.Table angles = RotaryEmbedding3d.table(positions, headDim);
        sink.accept(tap, table.group(7).equals("cos") ? angles.cos() : angles.sin());
      } else if (sinusoid.matches()) {
        sink.accept(tap, features(folder, number(sinusoid, 1)));
      }
    }
  }

  private static int number(Matcher matcher, int group) {
    return Integer.parseInt(matcher.group(group));
  }

  private static int[][] ends(int[][] positions, int first, int last) {
    int n = positions[0].length;
    int[] tokens =
        IntStream.concat(IntStream.range(0, first), IntStream.range(n - last, n)).toArray();
    return Arrays.stream(positions)
        .map(axis -> Arrays.stream(tokens).map(t -> axis[t]).toArray())
        .toArray(int[][]::new);
  }

  private static float[] features(ParityFolder folder, int dim) throws IOException {
    float[] timesteps = folder.requiredInput("sinusoid_positions");
    float[] all = new float[timesteps.length * dim];
    for (int i = 0; i < timesteps.length; i++) {
      System.arraycopy(TimestepFeatures.of(timesteps[i], dim), 0, all, i * dim, dim);
    }
    return all;
  }

  private static float[] rotate(
      Backend backend, ParityFolder folder, Shape shape, int[][] positions) throws IOException {
    try (TensorArena arena = TensorArena.forGraph(MAX_NODES);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, shape.dims());
      Tensor[] axes = new Tensor[RotaryEmbedding3d.AXES];
      for (int i = 0; i < axes.length; i++) {
        axes[i] = g.input("axis" + i, TensorType.I32, shape.dim(0));
      }
      Tensor rotated = g.output(RotaryEmbedding3d.apply(g, x, axes[0], axes[1], axes[2]));
      allocator.allocate(g.graph());
      x.set(folder.requiredInput("x"));
      for (int i = 0; i < axes.length; i++) {
        axes[i].set(positions[i]);
      }
      backend.compute(g.graph());
      return rotated.toFloats();
    }
  }
}
