// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import java.util.OptionalDouble;

/**
 * One measure of a clip without a reference. Takes its frames in order, one at a time, and keeps
 * only what it needs of them. Confined to one thread.
 */
interface ClipMeasure {
  MeasureInfo info();

  void accept(Planes frame);

  /** The value over all frames so far; empty while they are too few. */
  OptionalDouble value();
}
