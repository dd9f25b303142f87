// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightSet;
import java.util.List;

/**
 * What encoding takes on a device, exact to the byte in ggml's buffers, known without weights and
 * without taking memory. All sizes in bytes. Immutable.
 *
 * @param outerBytes weights outside the blocks
 * @param blockBytes weights of each block
 * @param stateBytes residual streams and distance classes of all prompts
 * @param computeBytes the buffer that all graphs share
 * @param scratchBytes host memory the CPU device takes outside ggml's buffers
 */
public record Umt5Memory(
    long outerBytes, List<Long> blockBytes, long stateBytes, long computeBytes, long scratchBytes) {
  public Umt5Memory {
    blockBytes = List.copyOf(blockBytes);
  }

  /**
   * Plans the encoding of prompts in one call.
   *
   * @param tokens how many each prompt has
   * @param types the types the blocks are computed in
   * @param threads of a CPU device
   */
  public static Umt5Memory plan(
      Device device,
      Umt5Config config,
      List<Integer> tokens,
      TypePolicy types,
      Precision precision,
      int threads) {
    BufferType buffers = device.bufferType();
    NetworkLayout layout = Umt5Encoder.layout(config, types);
    long stateBytes = 0;
    for (int count : tokens) {
      try (Umt5State state = Umt5State.pretended(config, count)) {
        stateBytes = Math.addExact(stateBytes, state.bytes(buffers));
      }
    }
    long computeBytes = 0;
    long scratchBytes = 0;
    for (WeightLayout block : layout.distinctBlocks()) {
      for (int count : tokens) {
        try (WeightSet weights = WeightSet.pretended(block);
            Umt5State state = Umt5State.pretended(config, count);
            Umt5Graph graph = Umt5Graph.block(config, weights, state, precision, Taps.NONE)) {
          computeBytes = Math.max(computeBytes, GraphAllocator.measure(device, graph.graph()));
          scratchBytes =
              Math.max(scratchBytes, Backend.scratchBytes(device, graph.graph(), threads));
        }
      }
    }
    return new Umt5Memory(
        layout.outer().bytes(buffers),
        layout.blocks().stream().map(b -> b.layout().bytes(buffers)).toList(),
        stateBytes,
        computeBytes,
        scratchBytes);
  }

  /** The peak if the blocks' weights take that much at a time, such as two slots. */
  public long peakBytes(long blockWeightBytes) {
    return outerBytes + blockWeightBytes + stateBytes + computeBytes;
  }

  /** The peak with all blocks on the device. */
  public long residentPeakBytes() {
    return peakBytes(blockBytes.stream().mapToLong(Long::longValue).sum());
  }
}
