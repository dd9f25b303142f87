// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;
import java.util.List;

/**
 * What encoding pictures takes on a device, exact to the byte in ggml's buffers, known without
 * weights and without taking memory. All sizes in bytes. Immutable.
 *
 * @param outerBytes weights outside the blocks
 * @param blockBytes weights of each block
 * @param stateBytes residual streams of all pictures
 * @param computeBytes the buffer that all graphs share
 * @param scratchBytes host memory the CPU device takes outside ggml's buffers
 */
public record ClipMemory(
    long outerBytes, List<Long> blockBytes, long stateBytes, long computeBytes, long scratchBytes) {
  public ClipMemory {
    blockBytes = List.copyOf(blockBytes);
  }

  /**
   * Plans the encoding of pictures in one call.
   *
   * @param types the types the blocks are computed in
   * @param threads of a CPU device
   */
  public static ClipMemory plan(
      Device device, ClipConfig config, int pictures, TypePolicy types, int threads) {
    BufferType buffers = device.bufferType();
    NetworkLayout layout = ClipVision.layout(config, types);
    try (TensorArena arena = TensorArena.forTensors(pictures);
        WeightSet outer = WeightSet.pretended(layout.outer())) {
      List<Tensor> streams = ClipBatch.streams(arena, config, pictures);
      streams.forEach(Tensor::pretendPlaced);
      Tensor x = streams.get(0);
      Graphs most = new Graphs(0, 0);
      try (ClipGraph graph = ClipGraph.embedding(config, outer, x, Taps.NONE)) {
        most = most.with(device, graph, threads);
      }
      for (WeightLayout block : layout.distinctBlocks()) {
        try (WeightSet weights = WeightSet.pretended(block);
            ClipGraph graph = ClipGraph.block(config, weights, x, Taps.NONE)) {
          most = most.with(device, graph, threads);
        }
      }
      return new ClipMemory(
          layout.outer().bytes(buffers),
          layout.blocks().stream().map(b -> b.layout().bytes(buffers)).toList(),
          ClipBatch.bytes(streams, buffers),
          most.computeBytes,
          most.scratchBytes);
    }
  }

  /** The peak if the blocks' weights take that much at a time, such as two slots. */
  public long peakBytes(long blockWeightBytes) {
    return outerBytes + blockWeightBytes + stateBytes + computeBytes;
  }

  /** The most that graphs take. */
  private record Graphs(long computeBytes, long scratchBytes) {
    Graphs with(Device device, ClipGraph graph, int threads) {
      return new Graphs(
          Math.max(computeBytes, GraphAllocator.measure(device, graph.graph())),
          Math.max(scratchBytes, Backend.scratchBytes(device, graph.graph(), threads)));
    }
  }
}
