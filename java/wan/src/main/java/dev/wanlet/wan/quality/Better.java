// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

/** Which way a measure improves. */
public enum Better {
  HIGHER,
  LOWER,
  /** It tells how much there is of something, not whether that is good. */
  NEITHER
}
