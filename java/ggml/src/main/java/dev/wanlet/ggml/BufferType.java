// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeView;

/** A kind of memory that ggml can place tensors in. Immutable; lives as long as the process. */
public final class BufferType {
  private final NativeView view;
  private final String name;
  private final long alignment;
  private final long maxBytes;
  private final boolean host;

  BufferType(long address) {
    this.view = new NativeView(this, address);
    this.name = Device.text(view.call(GgmlJni::bufferTypeName));
    long[] facts = view.call(GgmlJni::bufferTypeFacts);
    this.alignment = facts[0];
    this.maxBytes = facts[1];
    this.host = facts[2] != 0;
  }

  public String name() {
    return name;
  }

  /** Every tensor starts at a multiple of this many bytes. */
  public long alignment() {
    return alignment;
  }

  /** The largest single buffer that is sure to be possible; larger ones may be. */
  public long maxBytes() {
    return maxBytes;
  }

  /** Whether the CPU can read and write it directly. */
  public boolean isHost() {
    return host;
  }

  /** Rounds a size up to the alignment. */
  public long align(long bytes) {
    return Math.addExact(bytes, alignment - 1) / alignment * alignment;
  }

  /** Bytes this tensor takes here, padding included. */
  public long allocationBytes(Tensor tensor) {
    return view.call(tensor.view(), GgmlJni::bufferTypeAllocSize);
  }

  NativeView view() {
    return view;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BufferType t && t.view.equals(view);
  }

  @Override
  public int hashCode() {
    return view.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }
}
