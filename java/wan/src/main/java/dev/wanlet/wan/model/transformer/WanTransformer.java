// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkAdapters;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightSet;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Owner: the Wan diffusion transformer, whose blocks may be resident or streamed. Confined to one
 * thread.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, WanModel; Wan2.2 for several timesteps at a time.
 */
public final class WanTransformer implements AutoCloseable {
  private final Backend backend;
  private final WanConfig config;
  private final NetworkWeights weights;

  /**
   * Takes ownership of weights that are loaded already.
   *
   * @param weights of the {@linkplain #layout layout} of this configuration
   */
  public WanTransformer(Backend backend, WanConfig config, NetworkWeights weights) {
    this.backend = backend;
    this.config = config;
    this.weights = weights;
  }

  /**
   * Loads a transformer from a checkpoint, which must outlive it as must the backend.
   *
   * @param source with official names
   * @param placement as in {@link NetworkWeights#open(Backend, WeightSource, Precision, Function,
   *     IntFunction)}, as are the exceptions
   */
  public static WanTransformer open(
      Backend backend,
      WeightSource source,
      WanConfig config,
      Precision precision,
      IntFunction<Placement> placement)
      throws IOException {
    return open(backend, source, config, precision, placement, NetworkAdapters.NONE);
  }

  /**
   * Loads a transformer with adapters, whose files must outlive it too.
   *
   * @throws IOException as the other form does, as do the other exceptions
   */
  public static WanTransformer open(
      Backend backend,
      WeightSource source,
      WanConfig config,
      Precision precision,
      IntFunction<Placement> placement,
      NetworkAdapters adapters)
      throws IOException {
    TypePolicy plain = SourceTypes.of(source, precision, backend.device());
    NetworkLayout layout = layout(config, adapters.types(plain, precision, backend.device()));
    return new WanTransformer(
        backend,
        config,
        NetworkWeights.open(
            backend,
            layout,
            adapters.reader(new SourceReader(source)),
            placement.apply(layout.blocks().size())));
  }

  /** All weights, known from the configuration alone. */
  public static NetworkLayout layout(WanConfig config, TypePolicy types) {
    List<BlockSpec> blocks =
        BlockSpec.list("blocks", config.layers(), types, t -> WanBlock.layout(config, t));
    return new NetworkLayout(
        WanOuter.layout(config, types), WanControl.among(blocks, config, types));
  }

  public WanConfig config() {
    return config;
  }

  /** The blocks in the order in which a prediction goes through them. */
  public List<BlockSpec> blocks() {
    return weights.blocks().specs();
  }

  /**
   * Prepares a clip: takes the memory its tensors and graphs need and embeds the prompts.
   *
   * @param contexts text encoder output of each prompt of the run, [tokens, textDim] row by row
   * @param condition pictures and the like
   * @throws dev.wanlet.ggml.DeviceMemoryException if device or budget has not that much; this
   *     object stays usable
   */
  public WanSession open(WanRun run, List<float[]> contexts, WanCondition condition, Taps taps) {
    return new WanSession(backend, config, weights, run, contexts, condition, taps);
  }

  /** As the other form, in silence. */
  public WanSession open(WanRun run, List<float[]> contexts, WanCondition condition) {
    return open(run, contexts, condition, Taps.NONE);
  }

  /** As the other form, of noise and prompts alone. */
  public WanSession open(WanRun run, List<float[]> contexts, Taps taps) {
    return open(run, contexts, WanCondition.NONE, taps);
  }

  /** As the other form, in silence. */
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

  /** The state of a clip on a device, as {@link #measure} finds it: it needs no graphs. */
  public static long stateBytes(WanConfig config, WanRun run, Device device) {
    try (WanState state = new WanState(config, run, config.blocks())) {
      return state.bytes(device.bufferType());
    }
  }

  /** Measures a clip on a device, without weights and without taking memory. */
  public static Memory measure(
      WanConfig config, WanRun run, TypePolicy types, Device device, int threads) {
    NetworkLayout layout = layout(config, types);
    List<WeightSet> blocks = new ArrayList<>();
    try (WanState state = new WanState(config, run, layout.blocks().size()).pretend();
        WeightSet outer = WeightSet.pretended(layout.outer())) {
      layout.distinctBlocks().forEach(l -> blocks.add(WeightSet.pretended(l)));
      WanGraphs graphs = new WanGraphs(config, run, state, Taps.NONE);
      long compute = 0;
      long scratch = 0;
      for (WanGraphs.Key key : graphs.shapes(outer, blocks)) {
        try (WanGraphs.Built built = graphs.build(key)) {
          compute = Math.max(compute, GraphAllocator.measure(device, built.graph()));
          scratch = Math.max(scratch, Backend.scratchBytes(device, built.graph(), threads));
        }
      }
      return new Memory(state.bytes(device.bufferType()), compute, scratch);
    } finally {
      blocks.forEach(WeightSet::close);
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
