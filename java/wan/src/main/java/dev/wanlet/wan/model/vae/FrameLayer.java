// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameConvolution.Geometry;
import dev.wanlet.wan.nn.frames.FrameEngine;
import java.util.List;
import java.util.function.Consumer;

/**
 * A layer of a VAE as a stream of frames: it takes one frame at a time and hands on none, one or
 * two, each of which goes through the rest of the network before the next. Confined to one thread.
 */
interface FrameLayer {
  /** A layer as a VAE's description lists it, known without weights. Immutable. */
  interface Spec {
    /** The checkpoint's. */
    String name();

    /** Channels of the frames it takes. */
    int in();

    /** Channels of the frames it hands on. */
    int out();

    /** How it changes the size of frames. */
    default Geometry geometry() {
      return Geometry.SAME;
    }

    /** Whether it changes the number of frames as it changes their size. */
    default boolean isTemporal() {
      return false;
    }

    /** The layers that it is made of, each with a size and rate of frames of its own. */
    default List<Spec> parts() {
      return List.of(this);
    }

    /** Multiplications and additions between the pixels of a frame. */
    default double attentionFlops(double pixels) {
      return 0;
    }

    /** What has weights in it, in the order of the checkpoint's code. */
    List<ModuleSpec> modules();

    /**
     * The layer, with its weights and memory from an engine.
     *
     * @param height of the frames it takes, like the width
     */
    FrameLayer open(FrameEngine engine, int height, int width);
  }

  /** Takes a frame, which is the layer's to release or to hand on. */
  void push(Frame frame, Consumer<Frame> next);

  /** Starts a new clip. */
  default void reset() {
    // most layers remember nothing
  }
}
