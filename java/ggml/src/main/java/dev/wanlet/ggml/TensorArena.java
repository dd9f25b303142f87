// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeHandle;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * Owner: the descriptions (not the data) of a fixed number of tensors and of one graph. Closing it
 * makes its tensors and graph invalid. Confined to one thread while tensors are made.
 */
public final class TensorArena implements AutoCloseable {
  private final NativeHandle handle;
  private final int maxTensors;
  private final int maxGraphNodes;
  private final long[] scratch = new long[10];
  private final Set<Object> kept = Collections.newSetFromMap(new IdentityHashMap<>());
  private int tensors;
  private boolean graphTaken;
  private GraphAllocator allocator;

  /**
   * Makes an arena.
   *
   * @param maxTensors how many tensors fit, views and results of operations included
   * @param maxGraphNodes nodes of the graph built here, 0 for none
   */
  public TensorArena(int maxTensors, int maxGraphNodes) {
    if (maxTensors < 1 || maxGraphNodes < 0) {
      throw new IllegalArgumentException(
          "an arena for " + maxTensors + " tensors and " + maxGraphNodes + " graph nodes");
    }
    this.maxTensors = maxTensors;
    this.maxGraphNodes = maxGraphNodes;
    this.handle =
        new NativeHandle(
            this, "arena", GgmlJni.arenaNew(maxTensors, maxGraphNodes), GgmlJni::arenaFree);
  }

  /** An arena for tensors only. */
  public static TensorArena forTensors(int maxTensors) {
    return new TensorArena(maxTensors, 0);
  }

  /** An arena for a graph of at most this many nodes, with room for the tensors it is made of. */
  public static TensorArena forGraph(int maxNodes) {
    return new TensorArena(2 * maxNodes, maxNodes);
  }

  /**
   * Makes a tensor without data.
   *
   * @param type element type; a row must fill whole blocks
   * @param shape in PyTorch order, at most four dimensions
   */
  public Tensor tensor(String name, TensorType type, Shape shape) {
    long[] ne = shape.ggmlDims();
    if (!type.fits(ne[0])) {
      throw new ShapeException(
          String.format(
              "tensor %s: rows of %d elements do not fill whole %s blocks of %d",
              name, ne[0], type, type.blockElements()));
    }
    long bytes;
    try {
      bytes = type.bytes(shape);
    } catch (ArithmeticException e) {
      throw new ShapeException(
          "tensor " + name + " " + shape + " has more bytes than fit in 63 bits");
    }
    // Kernels divide by lengths, and views of nothing cannot be told from views of everything.
    if (bytes == 0) {
      throw new ShapeException("tensor " + name + " " + shape + " has no elements");
    }
    takeSlot();
    long t = handle.call(a -> GgmlJni.tensorNew(a, type.id(), ne[0], ne[1], ne[2], ne[3]));
    return adopt(t, shape.rank()).named(name);
  }

  Tensor adopt(long tensor, int rank) {
    return new Tensor(this, tensor, rank, scratch);
  }

  // ggml ends the process when a context is full, so slots are counted here.
  void takeSlot() {
    if (tensors == maxTensors) {
      throw new IllegalStateException(
          "this arena holds " + maxTensors + " tensors and is full; make it larger");
    }
    tensors++;
  }

  // The arena has memory for one graph; ggml ends the process when asked for a second.
  void takeGraph() {
    if (graphTaken) {
      throw new IllegalStateException("this arena has its graph already; make another arena");
    }
    graphTaken = true;
  }

  /** The allocator that gave this arena's graph its memory; kept from being collected. */
  void allocatedBy(GraphAllocator owner) {
    allocator = owner;
  }

  boolean isComputeBufferClosed() {
    return allocator != null && allocator.isClosed();
  }

  /**
   * Keeps something from being collected while this arena, or what was made in it, is in use: a
   * graph's native side points to other arenas and to buffers, which Java does not see.
   */
  void keep(Object needed) {
    if (needed != this) {
      kept.add(needed);
    }
  }

  NativeHandle handle() {
    return handle;
  }

  int maxGraphNodes() {
    return maxGraphNodes;
  }

  public boolean isClosed() {
    return handle.isClosed();
  }

  /** Host bytes this arena takes. */
  public long bytes() {
    return handle.call(GgmlJni::arenaBytes);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    handle.close();
  }
}
