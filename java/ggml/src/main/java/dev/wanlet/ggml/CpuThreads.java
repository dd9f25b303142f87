// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

/**
 * With how many threads the CPU device runs a graph: never more than the work is worth, and no more
 * than find a processor. A thread that has to share its processor comes late to every operation,
 * and all others wait for it. Confined to the thread that computes.
 */
final class CpuThreads {
  /**
   * Graphs below this many operations run on one thread: waking the others and meeting them at
   * every operation takes longer than the work.
   */
  private static final double SMALL_GRAPH = 2e7;

  /**
   * Operations of a node, on average, above which threads that share processors still pay: a node
   * then takes longer than the time slices of the programs they share with.
   */
  private static final double LONG_NODE = 1e9;

  /** How often the load is looked at, and how long a first look must last, in seconds. */
  private static final double INTERVAL = 0.25;

  private static final double FIRST_INTERVAL = 0.06;

  private final CpuLoad load = new CpuLoad();
  private int most;
  private boolean fixed;
  private boolean looked;
  private double others;

  CpuThreads(int most) {
    this.most = most;
  }

  /** Uses exactly so many from now on, but for small graphs. */
  void fix(int count) {
    most = count;
    fixed = true;
  }

  /** Follows the processors that are free from now on. */
  void adapt(int upTo) {
    most = upTo;
    fixed = false;
  }

  /** The most that any graph gets. */
  int most() {
    return most;
  }

  int forGraph(double operations, int nodes) {
    if (operations < SMALL_GRAPH) {
      return 1;
    }
    if (fixed || most == 1) {
      return most;
    }
    if (load.seconds() >= (looked ? INTERVAL : FIRST_INTERVAL)) {
      others = load.others();
      looked = true;
    }
    return count(most, load.processors() - others, operations / nodes > LONG_NODE);
  }

  /**
   * @param unused processors that other programs leave
   * @param longNodes whether a node takes longer than a time slice
   */
  static int count(int most, double unused, boolean longNodes) {
    int free = (int) Math.max(1, Math.min(most, Math.round(unused)));
    // Two programs on a processor get half of it each. Once that is the lot of most threads anyway,
    // all of them together still get more done than the few that have a processor to themselves.
    return longNodes && free <= most / 2 ? most : free;
  }
}
