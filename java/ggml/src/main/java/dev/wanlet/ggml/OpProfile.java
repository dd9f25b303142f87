// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Owner: what graphs spend their time on. While one is open, every graph of the process is run one
 * operation at a time, each waited for and timed. Results stay the same, but for operations that a
 * backend would have fused; the whole takes longer than without, because nothing overlaps.
 * Thread-safe.
 */
public final class OpProfile implements AutoCloseable {
  private static final AtomicReference<OpProfile> CURRENT = new AtomicReference<>();

  /**
   * What the operations of one kind took together.
   *
   * @param kind ggml's name, with the type of weights or keys where kernels differ by it, such as
   *     {@code MUL_MAT q8_0}
   * @param runs how often one was run
   * @param operations multiplications and additions of products; 0 for kinds that have none
   * @param bytesRead bytes of the operands
   * @param bytesWritten bytes of the results
   */
  public record Row(
      String kind,
      long runs,
      double seconds,
      double operations,
      double bytesRead,
      double bytesWritten) {
    private Row and(double moreSeconds, long[] work) {
      return new Row(
          kind,
          runs + 1,
          seconds + moreSeconds,
          operations + work[2],
          bytesRead + work[0],
          bytesWritten + work[1]);
    }
  }

  private final Map<String, Row> rows = new HashMap<>();
  private int graphs;

  private OpProfile() {}

  /**
   * Begins to profile every graph of the process.
   *
   * @throws IllegalStateException if another profile is open
   */
  public static OpProfile start() {
    OpProfile profile = new OpProfile();
    if (!CURRENT.compareAndSet(null, profile)) {
      throw new IllegalStateException("another profile is open; close it first");
    }
    return profile;
  }

  static OpProfile current() {
    return CURRENT.get();
  }

  /** Runs a graph, an operation at a time. */
  void compute(NativeHandle backend, Graph graph) {
    int nodes = graph.nodes();
    for (int i = 0; i < nodes; i++) {
      int node = i;
      byte[] kind = graph.view().call(g -> GgmlJni.graphNodeKind(g, node));
      if (kind == null) {
        continue;
      }
      long[] work = graph.view().call(g -> GgmlJni.graphNodeWork(g, node));
      long start = System.nanoTime();
      backend.run(graph.view(), (b, g) -> GgmlJni.backendComputeNode(b, g, node));
      add(Device.text(kind), (System.nanoTime() - start) / 1e9, work);
    }
    synchronized (this) {
      graphs++;
    }
  }

  private synchronized void add(String kind, double seconds, long[] work) {
    rows.put(kind, rows.getOrDefault(kind, new Row(kind, 0, 0, 0, 0, 0)).and(seconds, work));
  }

  /** The kinds of operations so far, the one that took longest first. */
  public synchronized List<Row> rows() {
    List<Row> sorted = new ArrayList<>(rows.values());
    sorted.sort(Comparator.comparingDouble(Row::seconds).reversed());
    return List.copyOf(sorted);
  }

  /** Graphs that were run so far. */
  public synchronized int graphs() {
    return graphs;
  }

  /** Lets graphs run as usual again. */
  @Override
  public void close() {
    CURRENT.compareAndSet(this, null);
  }
}
