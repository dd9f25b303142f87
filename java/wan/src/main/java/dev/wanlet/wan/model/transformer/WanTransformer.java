// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.wan.nn.BlockWeights;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.WeightSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Owner: the Wan diffusion transformer. Its blocks come through {@link BlockWeights}, so they may
 * be resident or streamed. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, WanModel; Wan2.2 for several timesteps at a time.
 */
public final class WanTransformer implements AutoCloseable {
  private final Backend backend;
  private final WanConfig config;
  private final WeightSet outer;
  private final BlockWeights blocks;

  /** Takes ownership of the weights. */
  public WanTransformer(Backend backend, WanConfig config, WeightSet outer, BlockWeights blocks) {
    this.backend = backend;
    this.config = config;
    this.outer = outer;
    this.blocks = blocks;
  }

  /** Loads the weights around the blocks and takes ownership of {@code blocks}. */
  public static WanTransformer load(
      Backend backend, WanConfig config, TypePolicy types, WeightReader reader, BlockWeights blocks)
      throws IOException {
    return new WanTransformer(
        backend, config, WeightSet.load(backend, outerLayout(config, types), reader), blocks);
  }

  /** The weights around the blocks, with the checkpoint's names. */
  public static WeightLayout outerLayout(WanConfig config, TypePolicy types) {
    return WanOuter.layout(config, types);
  }

  /** The weights of each block, with names relative to {@link #blockPrefix}. */
  public static List<WeightLayout> blockLayouts(WanConfig config, TypePolicy types) {
    List<WeightLayout> layouts = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layouts.add(WanBlock.layout(config, types.under(blockPrefix(i))));
    }
    return layouts;
  }

  public static String blockPrefix(int block) {
    return "blocks." + block + ".";
  }

  public WanConfig config() {
    return config;
  }

  /**
   * Prepares a clip: takes the memory its tensors and graphs need and embeds the prompts.
   *
   * @param contexts text encoder output of each prompt of the run, [tokens, textDim] row by row
   * @throws dev.wanlet.ggml.DeviceMemoryException if device or budget has not that much; this
   *     object stays usable
   */
  public WanSession open(WanRun run, List<float[]> contexts, Taps taps) {
    return new WanSession(backend, config, outer, blocks, run, contexts, taps);
  }

  public WanSession open(WanRun run, List<float[]> contexts) {
    return open(run, contexts, Taps.NONE);
  }

  /**
   * What a clip takes beside the weights, exactly, without taking it.
   *
   * @param stateBytes tensors that live through the clip
   * @param computeBytes the compute buffer shared by all graphs
   * @param scratchBytes host memory the CPU device takes outside ggml's buffers
   */
  public record Memory(long stateBytes, long computeBytes, long scratchBytes) {}

  /** Measures a clip on a device, without weights and without taking memory. */
  public static Memory measure(
      WanConfig config, WanRun run, TypePolicy types, Device device, int threads) {
    Map<Object, WeightSet> blockSets = new LinkedHashMap<>();
    try (WanState state = new WanState(config, run).pretend();
        WeightSet outer = WeightSet.pretended(outerLayout(config, types))) {
      for (WeightLayout layout : blockLayouts(config, types)) {
        blockSets.computeIfAbsent(layout.signature(), s -> WeightSet.pretended(layout));
      }
      WanGraphs graphs = new WanGraphs(config, run, state, Taps.NONE);
      long compute = 0;
      long scratch = 0;
      for (WanGraphs.Key key : graphs.shapes(outer, List.copyOf(blockSets.values()))) {
        try (WanGraphs.Built built = graphs.build(key)) {
          compute = Math.max(compute, GraphAllocator.measure(device, built.graph()));
          scratch = Math.max(scratch, Backend.scratchBytes(device, built.graph(), threads));
        }
      }
      return new Memory(state.bytes(device.bufferType()), compute, scratch);
    } finally {
      blockSets.values().forEach(WeightSet::close);
    }
  }

  @Override
  public void close() {
    blocks.close();
    outer.close();
  }
}
