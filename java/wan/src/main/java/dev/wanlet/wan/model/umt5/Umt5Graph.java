// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.Graph;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.wan.nn.Norms;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightSet;

/**
 * Owner: the graph of one block, or of the norm behind the last one, over the state of one prompt.
 * Confined to one thread.
 */
final class Umt5Graph implements AutoCloseable {
  private static final int NORM_NODES = 16;

  private final TensorArena arena;
  private final GraphBuilder builder;
  private Tensor output;

  private Umt5Graph(int nodes) {
    this.arena = TensorArena.forGraph(nodes);
    this.builder = new GraphBuilder(arena);
  }

  /** The graph that takes the state through a block. */
  static Umt5Graph block(
      Umt5Config config, WeightSet weights, Umt5State state, Precision precision, Taps taps) {
    Umt5Graph graph = new Umt5Graph(Umt5Block.graphNodes(state.rows()));
    new Umt5Block(config, weights, precision, taps)
        .forward(graph.builder, state.x(), state.buckets(), state.keys());
    return graph;
  }

  /** The graph that makes the output from the state. */
  static Umt5Graph finalNorm(Umt5Config config, WeightSet outer, Umt5State state) {
    Umt5Graph graph = new Umt5Graph(NORM_NODES);
    GraphBuilder g = graph.builder;
    graph.output = g.output(Norms.rmsNorm(g, state.x(), outer.get("norm.weight"), config.eps()));
    return graph;
  }

  Graph graph() {
    return builder.graph();
  }

  /** The final norm's result, [L, dim]. */
  Tensor output() {
    return output;
  }

  @Override
  public void close() {
    arena.close();
  }
}
