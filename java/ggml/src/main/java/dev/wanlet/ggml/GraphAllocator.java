// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeHandle;

/**
 * Owner: the compute buffer in which graphs keep their intermediate tensors. Graphs that run one
 * after another share it: allocate the largest first, so that it never grows under an allocated
 * graph. Confined to one thread.
 */
public final class GraphAllocator implements AutoCloseable {
  private final Backend backend;
  private final NativeHandle handle;
  private long countedBytes;

  public GraphAllocator(Backend backend) {
    this.backend = backend;
    this.handle = make(this, backend.device());
  }

  private static NativeHandle make(Object owner, Device device) {
    return new NativeHandle(
        owner,
        "graph allocator",
        device.bufferType().view().call(GgmlJni::allocatorNew),
        GgmlJni::allocatorFree);
  }

  /**
   * The exact bytes of a compute buffer for this graph, without taking them. Use a fresh allocator
   * for measuring: one that measured cannot allocate.
   *
   * @throws GgmlException with {@link ErrorCode#UNSUPPORTED} if the device cannot run the graph,
   *     for an operation it lacks or a tensor larger than it can address
   */
  public static long measure(Device device, Graph graph) {
    graph.requireSupported(device);
    try (NativeHandle allocator = make(device, device)) {
      return allocator.call(graph.view(), GgmlJni::allocatorMeasure);
    }
  }

  /** Bytes of the compute buffer now. */
  public long bytes() {
    return countedBytes;
  }

  /**
   * Gives every intermediate tensor of the graph its place.
   *
   * @throws DeviceMemoryException if the buffer would have to grow and the device or the budget has
   *     not that much; graphs allocated before stay valid
   * @throws IllegalStateException if growing would move graphs allocated before, or the graph was
   *     allocated already
   */
  public void allocate(Graph graph) {
    if (graph.isAllocated()) {
      throw new IllegalStateException("this graph has its memory already");
    }
    plan(graph);
    if (!handle.call(graph.view(), GgmlJni::allocatorAssign)) {
      throw new GgmlException(ErrorCode.INTERNAL, "a planned graph could not be allocated");
    }
    graph.markAllocated(this);
  }

  /**
   * Takes the compute buffer for a graph like this one, which stays without memory and may read
   * tensors that are {@linkplain Tensor#pretendPlaced() pretended}.
   *
   * @throws DeviceMemoryException as {@link #allocate} does
   */
  public void reserve(Graph largest) {
    plan(largest);
  }

  private void plan(Graph graph) {
    long needed = measure(backend.device(), graph);
    if (needed > countedBytes) {
      if (countedBytes > 0) {
        throw new IllegalStateException(
            String.format(
                "the compute buffer of %,d bytes would have to grow to %,d and move graphs that are"
                    + " in use; allocate the largest graph first",
                countedBytes, needed));
      }
      backend.deviceMemory().take(needed);
      if (!handle.call(graph.view(), GgmlJni::allocatorReserve)) {
        backend.deviceMemory().give(needed);
        throw new DeviceMemoryException(
            backend.device().name(), needed, backend.device().memory().freeBytes());
      }
      countedBytes = needed;
      return;
    }
    // Always planned anew: ggml would reuse the previous graph's plan for one of equal node count.
    long before = nativeBytes();
    if (!handle.call(graph.view(), GgmlJni::allocatorReserve)) {
      throw new GgmlException(ErrorCode.INTERNAL, "a graph that fits could not be planned");
    }
    // Devices that limit an allocation get a buffer of several pieces, of which one may be too
    // small though their sum is not: then ggml took a new buffer.
    if (countedBytes > 0 && nativeBytes() != before) {
      close();
      throw new IllegalStateException(
          "the compute buffer was cut anew and graphs that are in use lost their memory; allocate"
              + " the largest graph first, or cut the work into smaller chunks");
    }
  }

  /** Bytes of the compute buffer as ggml counts them. */
  long nativeBytes() {
    return handle.call(GgmlJni::allocatorBytes);
  }

  boolean isClosed() {
    return handle.isClosed();
  }

  @Override
  public void close() {
    if (!handle.isClosed()) {
      handle.close();
      backend.deviceMemory().give(countedBytes);
      countedBytes = 0;
    }
  }
}
