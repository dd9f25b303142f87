// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeView;
import java.util.Objects;

/**
 * View: a tensor of an arena. Not closeable; dies with its arena, after which every use is an
 * {@link IllegalStateException}. Type, shape and strides never change.
 *
 * <p>Confined to one thread, but for transfers into separate ranges.
 */
public final class Tensor {
  private final TensorArena arena;
  private final NativeView view;
  private final TensorType type;
  private final Shape shape;
  private final long[] strideBytes = new long[4];
  private final long bytes;
  private String name = "";
  private Buffer memory;

  /**
   * Mirrors a tensor of an arena.
   *
   * @param facts room for what ggml tells of it
   */
  Tensor(TensorArena arena, long address, int rank, long[] facts) {
    this.arena = arena;
    this.view = new NativeView(this, address);
    view.run(t -> GgmlJni.tensorDescribe(t, facts));
    this.type = TensorType.byId((int) facts[0]).orElseThrow();
    this.shape = Shape.ofGgml(new long[] {facts[1], facts[2], facts[3], facts[4]}, rank);
    System.arraycopy(facts, 5, strideBytes, 0, 4);
    this.bytes = facts[9];
  }

  /** Names the tensor, for errors, taps and debugging. */
  public Tensor named(String newName) {
    name = newName;
    view().run(t -> GgmlJni.tensorSetName(t, TensorArena.utf8(newName)));
    return this;
  }

  public String name() {
    return name;
  }

  public TensorType type() {
    return type;
  }

  /** The shape in PyTorch order. */
  public Shape shape() {
    return shape;
  }

  public long dim(int i) {
    return shape.dim(i);
  }

  public int rank() {
    return shape.rank();
  }

  /** Bytes from the first to the last element, gaps included. */
  public long bytes() {
    return bytes;
  }

  /** The distance in bytes between neighbours along dimension {@code i} (PyTorch order). */
  public long stride(int i) {
    int index = i < 0 ? shape.rank() + i : i;
    return strideBytes[shape.rank() - 1 - index];
  }

  long ggmlStride(int i) {
    return strideBytes[i];
  }

  /** Whether the elements lie without gaps in the order of the shape. */
  public boolean isContiguous() {
    long[] ne = shape.ggmlDims();
    long expected = type.blockBytes();
    if (strideBytes[0] != expected) {
      return false;
    }
    expected = type.bytes(ne[0]);
    for (int i = 1; i < 4; i++) {
      if (ne[i] != 1 && strideBytes[i] != expected) {
        return false;
      }
      expected *= ne[i];
    }
    return true;
  }

  /** Whether neighbours along the last dimension are adjacent in memory. */
  public boolean hasContiguousRows() {
    return strideBytes[0] == type.blockBytes();
  }

  /** Also keeps the buffer from being collected while its arena is in use. */
  void placedIn(Buffer buffer) {
    memory = buffer;
    arena.keep(buffer);
  }

  /** For views: lies where {@code whole} does. */
  Tensor placedLike(Tensor whole) {
    memory = whole.memory;
    return this;
  }

  public boolean isPlaced() {
    return view().call(GgmlJni::tensorIsPlaced);
  }

  /**
   * Makes this tensor look placed, so that graphs that read it can be measured without its memory
   * being there. Such graphs cannot be allocated.
   */
  public Tensor pretendPlaced() {
    view().run(GgmlJni::tensorPretendPlaced);
    return this;
  }

  /**
   * Gives this input memory of its own from the start of the graph. Operations may still overwrite
   * it once it is used up: upload it before every run, or place it in a buffer.
   */
  public Tensor markInput() {
    view().run(GgmlJni::tensorMarkInput);
    return this;
  }

  /** Keeps this result after the graph has run. */
  public Tensor markOutput() {
    view().run(GgmlJni::tensorMarkOutput);
    return this;
  }

  /** Uploads F32 values to the whole tensor. */
  public void set(float[] values) {
    requireFull(TensorType.F32, values.length);
    set(0, values, 0, values.length);
  }

  /** Uploads F32 values to the elements from {@code element} on. */
  public void set(long element, float[] values, int start, int count) {
    requireTransfer(TensorType.F32, byteOffset(element), count * 4L);
    Objects.checkFromIndexSize(start, count, values.length);
    view().run(t -> GgmlJni.tensorSetFloats(t, element * 4, values, start, count));
  }

  /** Uploads I32 values to the whole tensor. */
  public void set(int[] values) {
    requireFull(TensorType.I32, values.length);
    view().run(t -> GgmlJni.tensorSetInts(t, 0, values, 0, values.length));
  }

  /** Downloads the whole F32 tensor. */
  public float[] toFloats() {
    float[] values = new float[Math.toIntExact(shape.elements())];
    requireFull(TensorType.F32, values.length);
    get(0, values, 0, values.length);
    return values;
  }

  /** Downloads F32 elements from {@code element} on. */
  public void get(long element, float[] values, int start, int count) {
    requireTransfer(TensorType.F32, byteOffset(element), count * 4L);
    Objects.checkFromIndexSize(start, count, values.length);
    view().run(t -> GgmlJni.tensorGetFloats(t, element * 4, values, start, count));
  }

  /** Uploads raw bytes of this tensor's type from native memory, which must be that long. */
  public void setFrom(long address, long offset, long length) {
    requireTransfer(type, offset, length);
    view().run(t -> GgmlJni.tensorSetAddress(t, address, offset, length));
  }

  /** Downloads raw bytes of this tensor's type to native memory, which must be that long. */
  public void getTo(long address, long offset, long length) {
    requireTransfer(type, offset, length);
    view().run(t -> GgmlJni.tensorGetAddress(t, address, offset, length));
  }

  /**
   * Starts an upload from pinned memory, ordered with the backend's graphs; wait with {@link
   * Backend#synchronize()} before the source changes.
   */
  public void setFromAsync(Backend backend, long address, long offset, long length) {
    requireTransfer(type, offset, length);
    backend
        .handle()
        .run(view(), (b, t) -> GgmlJni.tensorSetAddressAsync(b, t, address, offset, length));
  }

  private static long byteOffset(long element) {
    return element > Long.MAX_VALUE / 4 ? Long.MAX_VALUE : element * 4;
  }

  private void requireFull(TensorType expected, long count) {
    if (count != shape.elements()) {
      throw new ShapeException(
          "tensor " + name + " " + shape + " has " + shape.elements() + " elements, not " + count);
    }
    if (!isContiguous()) {
      throw new ShapeException("tensor " + name + " is not contiguous; copy it first");
    }
    requireTransfer(expected, 0, bytes);
  }

  private void requireTransfer(TensorType expected, long offset, long length) {
    if (type != expected) {
      throw new ShapeException("tensor " + name + " holds " + type + ", not " + expected);
    }
    Objects.checkFromIndexSize(offset, length, bytes);
    if (!isPlaced()) {
      throw new IllegalStateException("tensor " + name + " has no memory yet");
    }
    if (memory != null ? memory.isClosed() : arena.isComputeBufferClosed()) {
      throw new IllegalStateException("tensor " + name + ": the buffer it was in is closed");
    }
  }

  TensorArena arena() {
    return arena;
  }

  NativeView view() {
    if (arena.isClosed()) {
      throw new IllegalStateException("tensor " + name + ": its arena is closed");
    }
    return view;
  }

  @Override
  public String toString() {
    return name + " " + type + shape;
  }
}
