// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeView;

/**
 * View: the operations that lead to some results, in order. Dies with its arena. Built once and run
 * as often as wanted; its inputs and weights are whatever their memory holds at that time. Confined
 * to one thread.
 */
public final class Graph {
  private final TensorArena arena;
  private final NativeView view;
  private boolean allocated;
  private Device checkedFor;
  private double operations;

  Graph(TensorArena arena, long address) {
    this.arena = arena;
    this.view = new NativeView(this, address);
  }

  /** Adds a result, and what it needs, behind the operations that are there already. */
  public Graph expand(Tensor result) {
    if (result.arena() != arena) {
      throw new IllegalArgumentException("tensor " + result + " belongs to another arena");
    }
    if (allocated) {
      throw new IllegalStateException("this graph was allocated; it cannot take " + result);
    }
    view().run(result.view(), GgmlJni::graphExpand);
    return this;
  }

  public int nodes() {
    return view().call(GgmlJni::graphNodes);
  }

  /**
   * Names the first operation the device lacks, or null.
   *
   * @return such as {@code FLASH_ATTN_EXT (attention) on f32 f16 f16}, with the reason behind it if
   *     that is the size of a tensor
   */
  public String firstUnsupported(Device device) {
    byte[] text = view().call(device.view(), GgmlJni::graphFirstUnsupported);
    return text == null ? null : Device.text(text);
  }

  /** Floating-point operations of the products built so far, about. */
  double operations() {
    return operations;
  }

  void addOperations(double count) {
    operations += count;
  }

  boolean isAllocated() {
    return allocated;
  }

  /**
   * Asks the device for every operation. Needs no memory, so that a plan can ask before anything is
   * taken.
   *
   * @throws GgmlException with {@link ErrorCode#UNSUPPORTED}, naming the first operation it lacks
   */
  public void requireSupported(Device device) {
    String missing = firstUnsupported(device);
    if (missing != null) {
      throw new GgmlException(
          ErrorCode.UNSUPPORTED,
          String.format(
              "device %s cannot run %s; %s",
              device,
              missing,
              missing.contains(": tensor ")
                  ? "ask for a smaller size or fewer frames, or try the CPU"
                  : "try the CPU"));
    }
  }

  void markAllocated(GraphAllocator allocator) {
    allocated = true;
    arena.allocatedBy(allocator);
  }

  // A device that lacks an operation ends the process when asked to run it.
  void checkReady(Device device) {
    if (!allocated) {
      throw new IllegalStateException("this graph was not allocated; see GraphAllocator.allocate");
    }
    if (arena.isComputeBufferClosed()) {
      throw new IllegalStateException("the allocator that gave this graph its memory is closed");
    }
    if (checkedFor != device) {
      requireSupported(device);
      checkedFor = device;
    }
  }

  NativeView view() {
    if (arena.isClosed()) {
      throw new IllegalStateException("this graph's arena is closed");
    }
    return view;
  }
}
