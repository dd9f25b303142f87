// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;

/**
 * Owner: what of one prompt stays on the device from block to block: the residual stream and the
 * distance classes. Confined to one thread.
 */
final class Umt5State implements AutoCloseable {
  private final TensorArena arena = TensorArena.forTensors(2);
  private final Tensor x;
  private final Tensor buckets;
  private final int keys;
  private Buffer buffer;

  private Umt5State(Umt5Config config, int rows, int keys) {
    this.x = arena.tensor("x", TensorType.F32, Shape.of(rows, config.dim()));
    this.buckets = arena.tensor("buckets", TensorType.I32, Shape.of((long) rows * keys));
    this.keys = keys;
  }

  /** Takes device memory and uploads the embedded tokens [rows, dim]. */
  static Umt5State place(Backend backend, Umt5Config config, float[] embedded, int keys) {
    int rows = embedded.length / config.dim();
    Umt5State state = new Umt5State(config, rows, keys);
    try {
      state.buffer = backend.allocate(state.bytes(backend.device().bufferType()));
      state.buffer.place(state.x);
      state.buffer.place(state.buckets);
      state.x.set(embedded);
      state.buckets.set(
          RelativePositionBuckets.table(rows, keys, config.numBuckets(), config.maxDistance()));
      return state;
    } catch (RuntimeException e) {
      state.close();
      throw e;
    }
  }

  /** Stands in when graphs are only measured: no memory is taken. */
  static Umt5State pretended(Umt5Config config, int rows) {
    Umt5State state = new Umt5State(config, rows, rows);
    state.x.pretendPlaced();
    state.buckets.pretendPlaced();
    return state;
  }

  /** Exact bytes of a buffer of this type that holds it. */
  long bytes(BufferType type) {
    long end = type.align(type.allocationBytes(x));
    return type.align(end + type.allocationBytes(buckets));
  }

  /** [L, dim], F32. */
  Tensor x() {
    return x;
  }

  /** [L * keys], I32. */
  Tensor buckets() {
    return buckets;
  }

  int rows() {
    return Math.toIntExact(x.dim(0));
  }

  int keys() {
    return keys;
  }

  @Override
  public void close() {
    arena.close();
    if (buffer != null) {
      buffer.close();
    }
  }
}
