// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.GraphAllocator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Owner: graphs that were built and allocated, kept for the next step. Bounded: long clips have
 * more graphs than are worth keeping, and building one takes far less time than running it.
 * Confined to one thread.
 */
final class GraphCache implements AutoCloseable {
  /** About 0.1 MB of host memory each. */
  static final int MAX_GRAPHS = 256;

  private final WanGraphs graphs;
  private final GraphAllocator allocator;
  private final Map<WanGraphs.Key, WanGraphs.Built> built = new LinkedHashMap<>(16, 0.75f, true);

  GraphCache(WanGraphs graphs, GraphAllocator allocator) {
    this.graphs = graphs;
    this.allocator = allocator;
  }

  WanGraphs.Built get(WanGraphs.Key key) {
    WanGraphs.Built known = built.get(key);
    if (known != null) {
      return known;
    }
    if (built.size() >= MAX_GRAPHS) {
      WanGraphs.Key oldest = built.keySet().iterator().next();
      built.remove(oldest).close();
    }
    WanGraphs.Built made = graphs.build(key);
    try {
      allocator.allocate(made.graph());
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
    built.put(key, made);
    return made;
  }

  @Override
  public void close() {
    built.values().forEach(WanGraphs.Built::close);
    built.clear();
  }
}
