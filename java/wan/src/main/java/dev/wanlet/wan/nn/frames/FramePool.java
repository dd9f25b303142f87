// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Owner: the frames that a network holds while it works, in one piece of memory. Frames that are
 * never alive at the same time share it.
 *
 * <p>A trial run with a measuring pool finds out which frames there are and which of them meet;
 * from that comes the layout. The same sequence of {@link #take} and {@link #release} then gives
 * every frame its planned place. Confined to one thread.
 */
final class FramePool implements AutoCloseable {
  private static final int MAX_FRAMES = 64;

  /** A planned frame and its place. */
  record Place(TensorType type, Shape shape, long offset) {}

  /** All frames in the order they are first taken. */
  record Layout(List<Place> places, long bytes) {
    Layout {
      places = List.copyOf(places);
    }
  }

  private static final class Slot {
    final Tensor tensor;
    final Set<Slot> meets = new HashSet<>();
    boolean alive;
    long offset = -1;

    Slot(Tensor tensor) {
      this.tensor = tensor;
    }
  }

  private final TensorArena arena = TensorArena.forTensors(MAX_FRAMES);
  private final List<Slot> slots = new ArrayList<>();
  private final Layout planned;
  private final Buffer buffer;

  private FramePool(Layout planned, Buffer buffer) {
    this.planned = planned;
    this.buffer = buffer;
  }

  /** A pool without memory, for the trial run. */
  static FramePool measuring() {
    return new FramePool(null, null);
  }

  /** A pool in memory of {@code layout.bytes()} bytes that the caller owns. */
  static FramePool in(Buffer buffer, Layout layout) {
    return new FramePool(layout, buffer);
  }

  /** A frame with arbitrary content. */
  Tensor take(TensorType type, long... dims) {
    Shape shape = Shape.of(dims);
    Slot slot = null;
    for (Slot s : slots) {
      if (!s.alive && s.tensor.type() == type && s.tensor.shape().equals(shape)) {
        slot = s;
        break;
      }
    }
    if (slot == null) {
      slot = create(type, shape);
    }
    for (Slot other : slots) {
      if (other.alive) {
        other.meets.add(slot);
        slot.meets.add(other);
      }
    }
    slot.alive = true;
    return slot.tensor;
  }

  private Slot create(TensorType type, Shape shape) {
    Tensor tensor = arena.tensor("frame" + slots.size(), type, shape);
    Slot slot = new Slot(tensor);
    if (planned == null) {
      tensor.pretendPlaced();
    } else {
      Place place = slots.size() < planned.places.size() ? planned.places.get(slots.size()) : null;
      if (place == null || place.type != type || !place.shape.equals(shape)) {
        throw new IllegalStateException(
            "frame " + slots.size() + " of " + type + shape + " was not planned");
      }
      buffer.place(tensor, place.offset);
    }
    slots.add(slot);
    return slot;
  }

  void release(Tensor frame) {
    for (Slot slot : slots) {
      if (slot.tensor == frame) {
        if (!slot.alive) {
          throw new IllegalStateException("frame " + frame + " was released twice");
        }
        slot.alive = false;
        return;
      }
    }
    throw new IllegalArgumentException("frame " + frame + " is not from this pool");
  }

  /** Forgets what is alive, after a run that was cut short. */
  void releaseAll() {
    slots.forEach(s -> s.alive = false);
  }

  /** Places the frames seen so far: the largest first, each as low as its company allows. */
  Layout layout(BufferType type) {
    List<Slot> bySize = new ArrayList<>(slots);
    bySize.sort(Comparator.comparingLong((Slot s) -> -type.allocationBytes(s.tensor)));
    long end = 0;
    for (Slot slot : bySize) {
      long bytes = type.allocationBytes(slot.tensor);
      List<Slot> fixed =
          slot.meets.stream()
              .filter(s -> s.offset >= 0)
              .sorted(Comparator.comparingLong(s -> s.offset))
              .toList();
      long offset = 0;
      for (Slot other : fixed) {
        if (offset + bytes > other.offset) {
          offset = Math.max(offset, type.align(other.offset + type.allocationBytes(other.tensor)));
        } else {
          break;
        }
      }
      slot.offset = offset;
      end = Math.max(end, offset + bytes);
    }
    List<Place> places = new ArrayList<>();
    slots.forEach(s -> places.add(new Place(s.tensor.type(), s.tensor.shape(), s.offset)));
    return new Layout(places, type.align(end));
  }

  @Override
  public void close() {
    arena.close();
  }
}
