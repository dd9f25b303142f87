// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import java.util.function.Consumer;

/**
 * A layer of a VAE as a stream of frames: it takes one frame at a time and hands on none, one or
 * two, each of which goes through the rest of the network before the next. Confined to one thread.
 */
interface FrameLayer {
  /** Takes a frame, which is the layer's to release or to hand on. */
  void push(Frame frame, Consumer<Frame> next);

  /** Starts a new clip. */
  default void reset() {
    // most layers remember nothing
  }
}
