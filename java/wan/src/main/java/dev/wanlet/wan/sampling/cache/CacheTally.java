// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

/**
 * What a step cache saved in a run, or in the part of it that ran here. Immutable.
 *
 * @param kind which cache
 * @param steps steps that did without the blocks altogether
 * @param passes passes that did without the blocks
 * @param computed passes that did not
 * @param seconds how long the passes that went through the blocks took
 * @param reuseSeconds how long those took that did not
 */
public record CacheTally(
    CacheKind kind, int steps, int passes, int computed, double seconds, double reuseSeconds) {
  /** Of a run that begins. */
  public static CacheTally of(CacheKind kind) {
    return new CacheTally(kind, 0, 0, 0, 0, 0);
  }

  /** After a pass that was computed. */
  public CacheTally plusComputed(int more, double took) {
    return new CacheTally(kind, steps, passes, computed + more, seconds + took, reuseSeconds);
  }

  /** After a pass that was not. */
  public CacheTally plusReused(double took) {
    return new CacheTally(kind, steps, passes + 1, computed, seconds, reuseSeconds + took);
  }

  /** After a step of which no pass was computed. */
  public CacheTally plusStep() {
    return new CacheTally(kind, steps + 1, passes, computed, seconds, reuseSeconds);
  }

  /**
   * About how many seconds were saved: those of as many computed passes of average length, less
   * what doing without took. An estimate; 0 if nothing was computed to compare with.
   */
  public double savedSeconds() {
    return computed == 0 ? 0 : Math.max(0, passes * seconds / computed - reuseSeconds);
  }
}
