// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Owner: pictures on their way through the blocks, with the graphs that take them there. Confined
 * to one thread.
 */
final class ClipBatch implements AutoCloseable {
  private final Backend backend;
  private final ClipConfig config;
  private final Taps taps;
  private final List<ClipGraph> owned = new ArrayList<>();
  private final IdentityHashMap<WeightSet, List<ClipGraph>> graphs = new IdentityHashMap<>();
  private final GraphAllocator allocator;
  private final TensorArena arena;
  private final List<Tensor> streams;
  private Buffer buffer;

  ClipBatch(Backend backend, ClipConfig config, int pictures, Taps taps) {
    this.backend = backend;
    this.config = config;
    this.taps = taps;
    this.allocator = new GraphAllocator(backend);
    this.arena = TensorArena.forTensors(pictures);
    this.streams = streams(arena, config, pictures);
    try {
      buffer = backend.allocate(bytes(streams, backend.device().bufferType()));
      streams.forEach(buffer::place);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The residual streams of some pictures, [tokens, dim] each. */
  static List<Tensor> streams(TensorArena arena, ClipConfig config, int pictures) {
    List<Tensor> streams = new ArrayList<>();
    for (int i = 0; i < pictures; i++) {
      streams.add(arena.tensor("x." + i, TensorType.F32, Shape.of(config.tokens(), config.dim())));
    }
    return streams;
  }

  /** Exact bytes of a buffer of this type that holds them. */
  static long bytes(List<Tensor> streams, BufferType type) {
    long end = 0;
    for (Tensor stream : streams) {
      end = type.align(end) + type.allocationBytes(stream);
    }
    return type.align(end);
  }

  /** Takes pictures through all blocks; each is given as its patches. */
  List<float[]> run(List<float[]> patches, NetworkWeights weights) throws IOException {
    embed(patches, weights.outer());
    weights
        .blocks()
        .forEach(
            (block, position, place) -> {
              taps.under("transformer." + block.index());
              for (ClipGraph graph : graphsFor(place)) {
                backend.compute(graph.graph());
                taps.collect();
              }
            });
    return streams.stream().map(Tensor::toFloats).toList();
  }

  /** With a compute buffer of their own, gone before that of the blocks is taken. */
  private void embed(List<float[]> patches, WeightSet outer) {
    taps.under("");
    try (GraphAllocator once = new GraphAllocator(backend)) {
      for (int i = 0; i < streams.size(); i++) {
        try (ClipGraph graph = ClipGraph.embedding(config, outer, streams.get(i), taps)) {
          once.allocate(graph.graph());
          graph.input().set(patches.get(i));
          backend.compute(graph.graph());
          taps.collect();
        }
      }
    }
  }

  private List<ClipGraph> graphsFor(WeightSet weights) {
    List<ClipGraph> known = graphs.get(weights);
    // A graph with taps carries the names of one block.
    if (known != null && !taps.isActive()) {
      return known;
    }
    List<ClipGraph> made = new ArrayList<>();
    for (Tensor stream : streams) {
      ClipGraph graph = own(ClipGraph.block(config, weights, stream, taps));
      allocator.allocate(graph.graph());
      made.add(graph);
    }
    graphs.put(weights, made);
    return made;
  }

  private ClipGraph own(ClipGraph graph) {
    owned.add(graph);
    return graph;
  }

  @Override
  public void close() {
    owned.forEach(ClipGraph::close);
    allocator.close();
    arena.close();
    if (buffer != null) {
      buffer.close();
    }
  }
}
