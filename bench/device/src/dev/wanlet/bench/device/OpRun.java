// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.bench.models.Resources;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Graph;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Owner: one operation on one device, with its operands in memory, filled the same way on every
 * device. Confined to one thread.
 */
final class OpRun implements AutoCloseable {
  private static final int MAX_TENSORS = 32;
  private static final RandomWeights WEIGHTS = new RandomWeights(1);
  private static final RandomWeights ACTIVATIONS = new RandomWeights(2, 1);

  /** Time that a timing may take, once it has run often enough to be one. */
  private static final double ENOUGH_SECONDS = 0.3;

  private static final int FEWEST_RUNS = 3;
  private static final int MOST_RUNS = 50;

  private final Resources open = new Resources();
  private final Backend backend;
  private final Graph graph;
  private final Tensor result;

  /**
   * Allocates and fills everything.
   *
   * @throws dev.wanlet.ggml.GgmlException with {@code UNSUPPORTED} if the device lacks the
   *     operation at this shape; nothing was computed then
   */
  OpRun(Device device, OpCase test) {
    this(device, test, operands -> {});
  }

  /**
   * As {@link #OpRun(Device, OpCase)}.
   *
   * @param fill overwrites operands with values of its own
   */
  OpRun(Device device, OpCase test, Consumer<List<Tensor>> fill) {
    backend = open.add(Backend.open(device));
    try {
      TensorArena operands = open.add(TensorArena.forTensors(MAX_TENSORS));
      List<Tensor> tensors = new ArrayList<>();
      for (Operand operand : test.operands()) {
        tensors.add(place(operands, operand, tensors.size()));
      }
      fill.accept(tensors);
      GraphBuilder g = new GraphBuilder(open.add(TensorArena.forGraph(MAX_TENSORS)));
      result = g.output(test.op().apply(g, tensors));
      graph = g.graph();
      open.add(new GraphAllocator(backend)).allocate(graph);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Tensor place(TensorArena arena, Operand operand, int index) {
    Tensor tensor = arena.tensor("operand" + index, operand.type(), operand.shape());
    BufferType place = backend.device().bufferType();
    Buffer buffer = open.add(backend.allocate(place.align(place.allocationBytes(tensor))));
    if (operand.weight()) {
      buffer.markWeights();
    }
    buffer.place(tensor);
    if (operand.type() == TensorType.I32) {
      tensor.set(operand.toPositions());
    } else {
      try (HostMemory values = new HostMemory(tensor.bytes())) {
        RandomWeights source = operand.weight() ? WEIGHTS : ACTIVATIONS;
        source.fill(operand.type(), values.address(), tensor.bytes(), 7919 * index);
        tensor.setFrom(values.address(), 0, tensor.bytes());
      }
    }
    return tensor;
  }

  /** Computes once. */
  void compute() {
    backend.compute(graph);
  }

  /** What the last computation gave. */
  float[] result() {
    return result.toFloats();
  }

  /** Elements {@code from} to {@code from + count} of what the last computation gave. */
  float[] result(long from, int count) {
    float[] values = new float[count];
    result.get(from, values, 0, count);
    return values;
  }

  /** The shortest of several times, in seconds, after a run that does not count. */
  double seconds() {
    compute();
    double best = Double.MAX_VALUE;
    double total = 0;
    for (int i = 0; i < MOST_RUNS && (i < FEWEST_RUNS || total < ENOUGH_SECONDS); i++) {
      long start = System.nanoTime();
      compute();
      double seconds = (System.nanoTime() - start) / 1e9;
      best = Math.min(best, seconds);
      total += seconds;
    }
    return best;
  }

  @Override
  public void close() {
    open.close();
  }
}
