// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.GraphBuilder;
import java.util.ArrayList;
import java.util.List;

/** One band of rows of a pass over a frame while its graph is built. Confined to one thread. */
public final class Band {
  private final GraphBuilder graph;
  private final int first;
  private final int rows;
  private final List<Runnable> before = new ArrayList<>();
  private final List<Runnable> after = new ArrayList<>();

  Band(GraphBuilder graph, int first, int rows) {
    this.graph = graph;
    this.first = first;
    this.rows = rows;
  }

  public GraphBuilder graph() {
    return graph;
  }

  /** The first row of the band. */
  public int first() {
    return first;
  }

  public int rows() {
    return rows;
  }

  /** Runs something, such as an upload, once the graph has its memory and before it runs. */
  public void beforeRun(Runnable action) {
    before.add(action);
  }

  /** Runs something, such as a download, after the graph has run. */
  public void afterRun(Runnable action) {
    after.add(action);
  }

  void runBefore() {
    before.forEach(Runnable::run);
  }

  void runAfter() {
    after.forEach(Runnable::run);
  }
}
