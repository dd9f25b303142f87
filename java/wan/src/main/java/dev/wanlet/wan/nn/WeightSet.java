// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Owner: device memory laid out for the weights of one network or block. It can be filled again
 * with the weights of another block of the same layout.
 *
 * <p>One thread at a time fills it, and not while a graph that reads it runs.
 */
public final class WeightSet implements AutoCloseable {
  private final WeightLayout layout;
  private final TensorArena arena;
  private final Buffer buffer;
  private final boolean ownsBuffer;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /**
   * Takes the memory, without filling it.
   *
   * @throws dev.wanlet.ggml.DeviceMemoryException if device or budget has not that much
   */
  public WeightSet(Backend backend, WeightLayout layout) {
    this(backend.allocate(layout.bytes(backend.device().bufferType())), layout, true);
    buffer.markWeights();
  }

  private WeightSet(Buffer buffer, WeightLayout layout, boolean ownsBuffer) {
    this.layout = layout;
    this.buffer = buffer;
    this.ownsBuffer = ownsBuffer;
    this.arena = TensorArena.forTensors(Math.max(1, layout.specs().size()));
    long offset = 0;
    for (TensorSpec spec : layout.specs()) {
      Tensor tensor = arena.tensor(spec.name(), spec.type(), spec.shape());
      buffer.place(tensor, offset);
      offset = buffer.type().align(offset + buffer.type().allocationBytes(tensor));
      tensors.put(spec.name(), tensor);
    }
  }

  /**
   * Lays weights out in memory that belongs to somebody else and may serve other layouts too, one
   * at a time.
   */
  public static WeightSet over(Buffer buffer, WeightLayout layout) {
    return new WeightSet(buffer, layout, false);
  }

  /** Stands in for the weights when graphs are only measured: no memory is taken. */
  private WeightSet(WeightLayout layout) {
    this.layout = layout;
    this.buffer = null;
    this.ownsBuffer = false;
    this.arena = TensorArena.forTensors(Math.max(1, layout.specs().size()));
    for (TensorSpec spec : layout.specs()) {
      tensors.put(
          spec.name(), arena.tensor(spec.name(), spec.type(), spec.shape()).pretendPlaced());
    }
  }

  /** A set without memory, for measuring graphs that read these weights. */
  public static WeightSet pretended(WeightLayout layout) {
    return new WeightSet(layout);
  }

  /** Uploads every weight by way of {@code upload}. */
  public void fill(WeightReader reader, WeightUpload upload) throws IOException {
    for (TensorSpec spec : layout.specs()) {
      Tensor tensor = tensors.get(spec.name());
      long bytes = spec.type().bytes(spec.shape());
      Optional<WeightReader.Parts> stored = reader.asStored(spec);
      if (stored.isPresent()) {
        upload.upload(tensor, stored.get(), bytes);
      } else {
        try (HostMemory made = new HostMemory(bytes)) {
          reader.read(spec, made.address());
          upload.upload(
              tensor, (offset, n, to) -> HostMemory.copy(made.address() + offset, to, n), bytes);
        }
      }
    }
  }

  public WeightLayout layout() {
    return layout;
  }

  /** Device bytes taken. */
  public long bytes() {
    return buffer == null ? 0 : buffer.bytes();
  }

  /**
   * The weight of that name.
   *
   * @throws IllegalArgumentException if the layout has none: an error of the network's code
   */
  public Tensor get(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no weight '" + name + "' in the layout");
    }
    return tensor;
  }

  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  @Override
  public void close() {
    arena.close();
    if (ownsBuffer) {
      buffer.close();
    }
  }
}
