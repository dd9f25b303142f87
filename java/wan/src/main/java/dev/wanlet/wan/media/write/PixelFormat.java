// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

/** How a video stores its pixels, by FFmpeg's names. Immutable. */
public enum PixelFormat {
  /** Colour at half resolution, 8 bits: what every player shows. */
  YUV420P,
  /** The same in 10 bits: dark gradients keep their steps. */
  YUV420P10LE;

  /** Whether samples have 10 bits. */
  boolean isTenBit() {
    return this == YUV420P10LE;
  }
}
