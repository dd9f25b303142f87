// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import java.nio.ByteBuffer;

/**
 * A tensor of a pickle, still without a name: a look into a storage. Immutable.
 *
 * @param offset of the first element in the storage, in elements of {@code type}
 * @param strides elements from one index to the next, for each dimension
 */
record TensorView(StoredType type, Shape shape, Storage storage, long offset, long[] strides) {
  private static final int COPIED = 1 << 16;

  /** Whether the elements lie in memory order, without gaps. */
  boolean isContiguous() {
    long expected = 1;
    for (int i = shape.rank() - 1; i >= 0 && shape.elements() > 0; i--) {
      if (shape.dim(i) != 1 && strides[i] != expected) {
        return false;
      }
      expected *= shape.dim(i);
    }
    return true;
  }

  long bytes() {
    return type.bytes(shape);
  }

  /** The elements in memory order, copied to memory of their own, which the caller owns. */
  HostMemory gather() {
    int size = type.elementBytes();
    HostMemory memory = new HostMemory(bytes());
    long[] index = new long[shape.rank()];
    long at = 0;
    byte[] element = new byte[size];
    for (long done = 0; done < shape.elements(); done += COPIED) {
      int count = (int) Math.min(COPIED, shape.elements() - done);
      ByteBuffer part = memory.view(done * size, count * size);
      for (int i = 0; i < count; i++) {
        long from = storage.offset() + (offset + at) * size;
        for (int b = 0; b < size; b++) {
          element[b] = (byte) storage.file().u8(from + b);
        }
        part.put(element);
        at += next(index);
      }
    }
    return memory;
  }

  /** Moves an index on by one and gives the elements to go in the storage. */
  private long next(long[] index) {
    long step = 0;
    for (int i = index.length - 1; i >= 0; i--) {
      step += strides[i];
      if (++index[i] < shape.dim(i)) {
        break;
      }
      step -= strides[i] * index[i];
      index[i] = 0;
    }
    return step;
  }
}
