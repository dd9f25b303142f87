// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

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
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import java.util.function.Function;

/**
 * Owner: a CPU backend with a few filled tensors and one graph over them, for timing single
 * operations. Confined to one thread.
 */
final class GraphRun implements AutoCloseable {
  private static final int MAX_TENSORS = 16;

  private final Resources open = new Resources();
  private final Backend backend;
  private final TensorArena tensors;
  private final RandomWeights weights = new RandomWeights(1);
  private Graph graph;
  private Tensor result;

  /**
   * @param threads worker threads; 0 is one for each processor
   */
  GraphRun(int threads) {
    backend = open.add(Backend.open(Device.cpu()));
    if (threads > 0) {
      backend.setThreads(threads);
    }
    tensors = open.add(TensorArena.forTensors(MAX_TENSORS));
  }

  Device device() {
    return backend.device();
  }

  /** A weight matrix in ordinary memory, or in that of a type which repacks it. */
  Tensor weight(BufferType place, TensorType type, long... shape) {
    Tensor tensor = tensors.tensor("weight", type, Shape.of(shape));
    Buffer buffer = open.add(backend.allocate(place, place.align(place.allocationBytes(tensor))));
    buffer.markWeights();
    buffer.place(tensor);
    try (HostMemory staged = new HostMemory(tensor.bytes())) {
      weights.fill(type, staged.address(), tensor.bytes(), 0);
      tensor.setFrom(staged.address(), 0, tensor.bytes());
    }
    return tensor;
  }

  /** A tensor of normal values, F32 or F16. */
  Tensor values(TensorType type, int seed, long... shape) {
    Tensor tensor = tensors.tensor("values", type, Shape.of(shape));
    BufferType place = device().bufferType();
    Buffer buffer = open.add(backend.allocate(place.align(place.allocationBytes(tensor))));
    buffer.place(tensor);
    int count = Math.toIntExact(tensor.shape().elements());
    try (HostMemory floats = new HostMemory(4L * count);
        HostMemory stored = new HostMemory(tensor.bytes())) {
      floats.view(0, 4 * count).asFloatBuffer().put(RandomWeights.normal(count, seed));
      Quantization.quantize(type, floats.address(), stored.address(), 1, count, 0);
      tensor.setFrom(stored.address(), 0, tensor.bytes());
    }
    return tensor;
  }

  /** Builds the graph; {@code body} returns its result. */
  void build(Function<GraphBuilder, Tensor> body) {
    GraphBuilder g = new GraphBuilder(open.add(TensorArena.forGraph(MAX_TENSORS)));
    result = g.output(body.apply(g));
    graph = g.graph();
    open.add(new GraphAllocator(backend)).allocate(graph);
  }

  void run() {
    backend.compute(graph);
  }

  float[] result() {
    return result.toFloats();
  }

  @Override
  public void close() {
    open.close();
  }
}
