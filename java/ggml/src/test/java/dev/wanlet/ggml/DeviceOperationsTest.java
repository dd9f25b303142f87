// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation of the builder on the requested device against the same one on the CPU.
 *
 * <p>A software Vulkan driver compiles a kernel for up to a minute the first time, and keeps it in
 * the user's cache.
 */
@Tag("device")
class DeviceOperationsTest {
  /** As ggml's own comparison of backends bounds them: elementwise exact but for rounding. */
  private static final double EXACT = 1e-7;

  /** Sums in another order, and weights that were rounded to other types on the way. */
  private static final double SUMS = 5e-4;

  /** A tensor that the case starts from; weights lie in a buffer of their own. */
  private record In(TensorType type, boolean weight, long... shape) {
    static In f32(long... shape) {
      return new In(TensorType.F32, false, shape);
    }

    static In weight(TensorType type, long... shape) {
      return new In(type, true, shape);
    }

    static In rows(long count) {
      return new In(TensorType.I32, false, count);
    }
  }

  private record Case(
      String name, double nmse, List<In> inputs, BiFunction<GraphBuilder, Tensor[], Tensor> op) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Case of(
      String name, double nmse, BiFunction<GraphBuilder, Tensor[], Tensor> op, In... inputs) {
    return new Case(name, nmse, List.of(inputs), op);
  }

  static Stream<Case> elementwise() {
    In a = In.f32(3, 5, 64);
    In row = In.f32(64);
    return Stream.of(
        of("add", EXACT, (g, t) -> g.add(t[0], t[1]), a, row),
        of("add in place", EXACT, (g, t) -> g.addInPlace(g.scale(t[0], 1f), t[1]), a, row),
        of("sub", EXACT, (g, t) -> g.sub(t[0], t[1]), a, row),
        of("mul", EXACT, (g, t) -> g.mul(t[0], t[1]), a, row),
        of("mul in place", EXACT, (g, t) -> g.mulInPlace(g.scale(t[0], 1f), t[1]), a, row),
        of("div", EXACT, (g, t) -> g.div(t[0], g.exp(t[1])), a, row),
        of("silu", EXACT, (g, t) -> g.silu(t[0]), a),
        of("gelu", 1e-5, (g, t) -> g.gelu(t[0]), a),
        of("gelu_erf", 1e-5, (g, t) -> g.geluErf(t[0]), a),
        of("tanh", EXACT, (g, t) -> g.tanh(t[0]), a),
        of("sigmoid", EXACT, (g, t) -> g.sigmoid(t[0]), a),
        of("exp", EXACT, (g, t) -> g.exp(t[0]), a),
        of("sqr", EXACT, (g, t) -> g.sqr(t[0]), a),
        of("sqrt", EXACT, (g, t) -> g.sqrt(g.sqr(t[0])), a),
        of("scale and shift", EXACT, (g, t) -> g.scale(t[0], 2f, 0.5f), a),
        of("clamp", EXACT, (g, t) -> g.clamp(t[0], -0.5f, 0.5f), a),
        of("norm", EXACT, (g, t) -> g.norm(t[0], 1e-6f), a),
        of("rms_norm", EXACT, (g, t) -> g.rmsNorm(t[0], 1e-6f), a),
        of("rms_norm and weight", EXACT, (g, t) -> g.mul(g.rmsNorm(t[0], 1e-6f), t[1]), a, row),
        of("sum_rows", EXACT, (g, t) -> g.sumRows(t[0]), a),
        of("soft_max", EXACT, (g, t) -> g.softMax(t[0], null, 0.3f), a),
        of(
            "soft_max with mask",
            EXACT,
            (g, t) -> g.softMax(t[0], t[1], 0.3f),
            a,
            In.f32(1, 5, 64)));
  }

  static Stream<Case> layout() {
    In a = In.f32(3, 5, 64);
    return Stream.of(
        of("permute", EXACT, (g, t) -> g.contiguous(g.permute(t[0], 2, 0, 1)), a),
        of("slice of rows", EXACT, (g, t) -> g.contiguous(g.slice(t[0], 1, 1, 4)), a),
        of("slice of columns", EXACT, (g, t) -> g.contiguous(g.slice(t[0], 2, 3, 40)), a),
        of("norm of a slice", EXACT, (g, t) -> g.norm(g.slice(t[0], 1, 1, 4), 1e-6f), a),
        of(
            "overlapping strides",
            EXACT,
            (g, t) -> g.duplicate(g.strided(t[0], 7, new long[] {4, 6, 9}, 100, 5)),
            a),
        of("concat of rows", EXACT, (g, t) -> g.concat(t[0], t[1], 1), a, In.f32(3, 2, 64)),
        of("concat of columns", EXACT, (g, t) -> g.concat(t[0], t[1], 2), a, In.f32(3, 5, 7)),
        of("pad", EXACT, (g, t) -> g.pad(t[0], 1, 2, 1), a),
        of("repeat", EXACT, (g, t) -> g.repeat(t[0], t[1]), In.f32(1, 64), In.f32(5, 64)),
        of("cast to half and back", 1e-6, DeviceOperationsTest::halves, a),
        of("copy into a strided view", 1e-6, DeviceOperationsTest::copyIntoView, a),
        of("get_rows", EXACT, (g, t) -> g.getRows(t[0], t[1]), In.f32(9, 64), In.rows(5)),
        of(
            "get_rows of halves",
            EXACT,
            (g, t) -> g.getRows(t[0], t[1]),
            In.weight(TensorType.F16, 9, 64),
            In.rows(5)),
        of("upscale", EXACT, (g, t) -> g.upscaleNearest(t[0], 2), In.f32(1, 3, 6, 10)),
        of(
            "rope of a part",
            EXACT,
            (g, t) -> g.rope(t[0], t[1], 8, 24, 1e4f, false),
            In.f32(5, 2, 64),
            In.rows(5)),
        of(
            "rope of a part in place",
            EXACT,
            (g, t) -> g.rope(g.scale(t[0], 1f), t[1], 8, 24, 1e4f, true),
            In.f32(5, 2, 64),
            In.rows(5)));
  }

  private static Tensor halves(GraphBuilder g, Tensor[] t) {
    return g.cast(g.cast(t[0], TensorType.F16), TensorType.F32);
  }

  // As keys and values are kept: a chunk of rows goes into the middle of a tensor of heads.
  private static Tensor copyIntoView(GraphBuilder g, Tensor[] t) {
    Tensor kept = g.cast(g.scale(g.concat(t[0], t[0], 1), 0f), TensorType.F16);
    Tensor middle = g.slice(kept, 1, 3, 8);
    Tensor done = g.copy(t[0], middle);
    g.run(done);
    return g.cast(done, TensorType.F32);
  }

  static Stream<Case> products() {
    List<Case> cases = new ArrayList<>();
    for (TensorType type :
        List.of(
            TensorType.F32,
            TensorType.F16,
            TensorType.BF16,
            TensorType.Q8_0,
            TensorType.Q6_K,
            TensorType.Q5_K,
            TensorType.Q4_K,
            TensorType.Q4_0)) {
      for (int rows : new int[] {1, 70}) {
        cases.add(
            of(
                "matmul of " + rows + " rows by " + type,
                SUMS,
                (g, t) -> g.add(g.matmul(t[0], t[1]), t[2]),
                In.weight(type, 96, 256),
                In.f32(rows, 256),
                In.f32(96)));
      }
    }
    for (TensorType type : List.of(TensorType.F32, TensorType.F16)) {
      cases.add(attention(type, 70, 33, false));
      cases.add(attention(type, 70, 300, true));
      cases.add(attention(type, 2, 300, true));
      cases.add(
          of(
              "conv_2d with a kernel of " + type,
              SUMS,
              (g, t) -> g.conv2d(t[0], t[1], 1, 1, 1),
              In.weight(type, 12, 16, 3, 3),
              In.f32(1, 16, 9, 11)));
    }
    cases.add(
        of(
            "matmul with a permuted operand",
            SUMS,
            (g, t) -> g.matmul(t[0], g.contiguous(g.permute(t[1], 1, 0, 2))),
            In.f32(2, 20, 64),
            In.f32(30, 2, 64)));
    return cases.stream();
  }

  private static Case attention(TensorType type, int queries, int keys, boolean masked) {
    int heads = 2;
    return of(
        "attention of %d queries to %d keys, %s%s"
            .formatted(queries, keys, type, masked ? ", masked" : ""),
        SUMS,
        (g, t) -> {
          Tensor mask = masked ? g.cast(t[3], TensorType.F16) : null;
          Tensor k = g.cast(t[1], type);
          Tensor v = g.cast(t[2], type);
          return g.flashAttention(g.permute(t[0], 1, 0, 2), k, v, mask, 0.125f);
        },
        In.f32(queries, heads, 64),
        In.f32(heads, keys, 64),
        In.f32(heads, keys, 64),
        In.f32(queries, keys));
  }

  @ParameterizedTest
  @MethodSource({"elementwise", "layout", "products"})
  void isWhatTheCpuComputes(Case test) {
    float[] expected = run(Device.cpu(), test);
    float[] actual = run(TestDevice.requested(), test);
    assertThat(actual).hasSameSizeAs(expected);
    double error = 0;
    double power = 0;
    for (int i = 0; i < actual.length; i++) {
      error += Math.pow((double) actual[i] - expected[i], 2);
      power += Math.pow(expected[i], 2);
    }
    assertThat(error / power).isLessThanOrEqualTo(test.nmse());
  }

  private static float[] run(Device device, Case test) {
    Random random = new Random(test.name().hashCode());
    try (Backend backend = Backend.open(device);
        Buffer memory = backend.allocate(1 << 20);
        TensorArena weights = TensorArena.forTensors(4);
        TensorArena arena = TensorArena.forGraph(32);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      backend.setThreads(1);
      GraphBuilder g = new GraphBuilder(arena);
      Tensor[] inputs = new Tensor[test.inputs().size()];
      for (int i = 0; i < inputs.length; i++) {
        In in = test.inputs().get(i);
        if (in.weight()) {
          inputs[i] = weights.tensor("weight", in.type(), Shape.of(in.shape()));
          memory.place(inputs[i]);
        } else {
          inputs[i] = g.input("input" + i, in.type(), in.shape());
        }
      }
      Tensor result = g.output(test.op().apply(g, inputs));
      allocator.allocate(g.graph());
      for (int i = 0; i < inputs.length; i++) {
        if (inputs[i].isPlaced()) {
          fill(inputs[i], random);
        }
      }
      backend.compute(g.graph());
      return result.toFloats();
    }
  }

  private static void fill(Tensor tensor, Random random) {
    int count = (int) tensor.shape().elements();
    if (tensor.type() == TensorType.I32) {
      tensor.set(random.ints(count, 0, 9).toArray());
      return;
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    if (tensor.type() == TensorType.F32) {
      tensor.set(values);
      return;
    }
    int columns = (int) tensor.dim(tensor.rank() - 1);
    boolean rows = tensor.type().isQuantized() || columns > 16;
    int perRow = rows ? columns : count;
    try (HostMemory floats = new HostMemory(4L * count);
        HostMemory stored = new HostMemory(tensor.bytes())) {
      floats.view(0, 4 * count).asFloatBuffer().put(values);
      Quantization.quantize(
          tensor.type(), floats.address(), stored.address(), count / perRow, perRow, 0);
      tensor.setFrom(stored.address(), 0, tensor.bytes());
    }
  }
}
