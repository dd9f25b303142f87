// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.ArrayDeque;
import java.util.OptionalDouble;

/**
 * How badly a frame is told from its neighbours in time by even motion ({@link
 * BlockSearch#midResidual}), mean over blocks and frames, in levels: a stutter, a jump or a shape
 * that changes costs; still or even motion does not. A block's first level does not count, since
 * compression and motion by parts of a cell make as much.
 */
final class MotionRoughness implements ClipMeasure {
  private static final double FREE = 1;

  private final ArrayDeque<Planes> last = new ArrayDeque<>();
  private double sum;
  private int triples;

  @Override
  public MeasureInfo info() {
    return new MeasureInfo(
        "motion_roughness",
        "levels",
        Better.LOWER,
        3,
        "difference of a frame's blocks from the mean of both neighbours along the even motion that"
            + " fits best");
  }

  @Override
  public void accept(Planes f) {
    last.addLast(f.reduced());
    if (last.size() < 3) {
      return;
    }
    Planes before = last.removeFirst();
    Planes now = last.getFirst();
    int blocks = BlockSearch.blocks(now);
    for (int i = 0; i < blocks; i++) {
      double residual = BlockSearch.midResidual(before, now, last.getLast(), i);
      sum += Math.max(0, residual - FREE) / blocks;
    }
    triples++;
  }

  @Override
  public OptionalDouble value() {
    return triples < 1 ? OptionalDouble.empty() : OptionalDouble.of(sum / triples);
  }
}
