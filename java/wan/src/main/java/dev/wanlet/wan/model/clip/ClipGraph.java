// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import dev.wanlet.ggml.Graph;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.WeightSet;

/**
 * Owner: the graph of one block, or of what comes before the first, over the residual stream of one
 * picture. Confined to one thread.
 */
final class ClipGraph implements AutoCloseable {
  private static final int MAX_NODES = 96;

  private final TensorArena arena = TensorArena.forGraph(MAX_NODES);
  private final GraphBuilder builder = new GraphBuilder(arena);
  private Tensor input;

  private ClipGraph() {}

  /** The graph that fills the residual stream x [tokens, dim], placed. */
  static ClipGraph embedding(ClipConfig config, WeightSet outer, Tensor x, Taps taps) {
    ClipGraph graph = new ClipGraph();
    GraphBuilder g = graph.builder;
    long patches = config.tokens() - 1L;
    long values = (long) ClipConfig.RGB * config.patch() * config.patch();
    graph.input = g.input("patches", TensorType.F32, patches, values);
    g.run(g.copy(new ClipOuter(outer, taps).embed(g, graph.input), x));
    return graph;
  }

  /** The graph that takes the residual stream through a block. */
  static ClipGraph block(ClipConfig config, WeightSet weights, Tensor x, Taps taps) {
    ClipGraph graph = new ClipGraph();
    new ClipBlock(config, weights, taps).forward(graph.builder, x);
    return graph;
  }

  Graph graph() {
    return builder.graph();
  }

  /** Where a picture's patches go; null in a block's graph. */
  Tensor input() {
    return input;
  }

  @Override
  public void close() {
    arena.close();
  }
}
