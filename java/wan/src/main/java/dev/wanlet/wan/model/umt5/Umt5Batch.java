// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Owner: prompts on their way through the blocks, with the graphs that take them there. A graph is
 * made once for each prompt and each memory that holds a block. Confined to one thread.
 */
final class Umt5Batch implements AutoCloseable {
  private final Backend backend;
  private final Umt5Config config;
  private final Precision precision;
  private final Taps taps;
  private final List<Umt5State> prompts = new ArrayList<>();
  private final IdentityHashMap<WeightSet, List<Umt5Graph>> graphs = new IdentityHashMap<>();
  private final List<Umt5Graph> owned = new ArrayList<>();
  private final GraphAllocator allocator;

  Umt5Batch(Backend backend, Umt5Config config, Precision precision, Taps taps) {
    this.backend = backend;
    this.config = config;
    this.precision = precision;
    this.taps = taps;
    this.allocator = new GraphAllocator(backend);
  }

  /**
   * Uploads a prompt's embedded tokens [L, dim], of which the first {@code keys} are attended to.
   */
  void add(float[] embedded, int keys) {
    prompts.add(Umt5State.place(backend, config, embedded, keys));
  }

  /**
   * Takes all prompts through all blocks; returns their outputs [L, dim] in the order of adding.
   */
  List<float[]> run(NetworkWeights weights) throws IOException {
    weights
        .blocks()
        .forEach(
            (block, position, place) -> {
              taps.under("block." + block.index());
              for (Umt5Graph graph : graphsFor(place)) {
                backend.compute(graph.graph());
                taps.collect();
              }
            });
    List<float[]> outputs = new ArrayList<>();
    for (Umt5State prompt : prompts) {
      outputs.add(finish(prompt, weights.outer()));
    }
    return outputs;
  }

  private List<Umt5Graph> graphsFor(WeightSet weights) {
    List<Umt5Graph> known = graphs.get(weights);
    // A graph with taps carries the names of one block.
    if (known != null && !taps.isActive()) {
      return known;
    }
    List<Umt5Graph> made = new ArrayList<>();
    // The longest first, so that the compute buffer never grows under an allocated graph.
    prompts.stream()
        .sorted(Comparator.comparingLong((Umt5State p) -> (long) p.rows() * p.keys()).reversed())
        .forEach(
            prompt -> {
              Umt5Graph graph = own(Umt5Graph.block(config, weights, prompt, precision, taps));
              allocator.allocate(graph.graph());
              made.add(graph);
            });
    graphs.put(weights, made);
    return made;
  }

  private float[] finish(Umt5State prompt, WeightSet outer) {
    taps.under("");
    if (taps.isActive()) {
      taps.accept("before_final_norm", prompt.x().shape(), prompt.x().toFloats());
    }
    Umt5Graph graph = own(Umt5Graph.finalNorm(config, outer, prompt));
    allocator.allocate(graph.graph());
    backend.compute(graph.graph());
    float[] output = graph.output().toFloats();
    taps.accept("output", graph.output().shape(), output);
    return output;
  }

  private Umt5Graph own(Umt5Graph graph) {
    owned.add(graph);
    return graph;
  }

  @Override
  public void close() {
    owned.forEach(Umt5Graph::close);
    allocator.close();
    prompts.forEach(Umt5State::close);
  }
}
