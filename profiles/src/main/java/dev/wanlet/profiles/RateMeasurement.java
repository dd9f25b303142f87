// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;

/**
 * Times a few products, attention and uploads on a device, at shapes like the transformer's. Takes
 * well under a second. Confined to one thread.
 */
final class RateMeasurement {
  private static final int WIDTH = 2048;
  private static final int FEW_ROWS = 256;
  private static final int MANY_ROWS = 1024;
  private static final int HEADS = 4;
  private static final int HEAD_DIM = 128;
  private static final int QUERIES = 256;
  private static final int KEYS = 4096;
  private static final int REPEATS = 3;

  /**
   * What a whole step reaches of a product by itself: norms, rotary embedding and copies come
   * beside it, and its weights are not in the caches. Two cores, two guided steps of the 1.3B at
   * 256x256x9: 35.6 s, where products alone would take 17 s.
   */
  private static final double STEP_SHARE = 0.48;

  /**
   * What the VAE's convolutions reach of that rate. Two cores, decoding 256x256x9 at real width:
   * 27.5 s.
   */
  private static final double CONVOLUTION_SHARE = 0.75;

  /** Larger than caches, but no more than a part of what is free: the copy takes as much again. */
  private static final int UPLOAD_BYTES = 64 << 20;

  private static final int PART_OF_FREE_MEMORY = 16;

  private final Backend backend;

  RateMeasurement(Backend backend) {
    this.backend = backend;
  }

  /** Measures all. */
  DeviceRates run(String source) {
    double few = productSeconds(FEW_ROWS);
    double many = productSeconds(MANY_ROWS);
    // Time is a line over the rows: unpacking the weights once, and so much for each row.
    double row = Math.max((many - few) / (MANY_ROWS - FEW_ROWS), many / (2 * MANY_ROWS));
    double unpacking = Math.max(0, few - FEW_ROWS * row);
    double flops = STEP_SHARE * 2.0 * WIDTH * WIDTH / row;
    return new DeviceRates(
        flops,
        unpacking / row,
        attentionFlops(),
        CONVOLUTION_SHARE * flops,
        uploadRate(),
        DeviceRates.ASSUMED_DISK,
        source);
  }

  private double productSeconds(int rows) {
    try (TensorArena weights = TensorArena.forTensors(1);
        Buffer buffer =
            backend.allocate(
                backend
                    .device()
                    .bufferType()
                    .align(TensorType.Q8_0.bytes((long) WIDTH * WIDTH) + 4096));
        TensorArena arena = TensorArena.forGraph(8);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      Tensor weight = weights.tensor("w", TensorType.Q8_0, Shape.of(WIDTH, WIDTH));
      buffer.place(weight);
      buffer.clear(1);
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, rows, WIDTH);
      // As the transformer's linear layers do it.
      boolean widens = backend.device().multipliesBf16Faster();
      g.output(g.matmul(widens ? g.widen(weight) : weight, x));
      allocator.allocate(g.graph());
      x.set(new float[rows * WIDTH]);
      return best(() -> backend.compute(g.graph()));
    }
  }

  private double attentionFlops() {
    try (TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor q = g.input("q", TensorType.F32, HEADS, QUERIES, HEAD_DIM);
      Tensor k = g.input("k", TensorType.F16, HEADS, KEYS, HEAD_DIM);
      Tensor v = g.input("v", TensorType.F16, HEADS, KEYS, HEAD_DIM);
      g.output(g.flashAttention(q, k, v, null, (float) (1 / Math.sqrt(HEAD_DIM))));
      allocator.allocate(g.graph());
      clear(q);
      clear(k);
      clear(v);
      double seconds = best(() -> backend.compute(g.graph()));
      return 4.0 * HEADS * HEAD_DIM * QUERIES * KEYS / seconds;
    }
  }

  private static void clear(Tensor tensor) {
    try (HostMemory zeros = new HostMemory(tensor.bytes())) {
      zeros.view(0, Math.toIntExact(tensor.bytes())).put(new byte[Math.toIntExact(tensor.bytes())]);
      tensor.setFrom(zeros.address(), 0, tensor.bytes());
    }
  }

  private double uploadRate() {
    long most = MemoryBudget.freeHostBytes() / PART_OF_FREE_MEMORY;
    int bytes = (int) Math.max(1 << 20, Math.min(UPLOAD_BYTES, most)) & -4096;
    try (TensorArena arena = TensorArena.forTensors(1);
        Buffer buffer = backend.allocate(bytes);
        HostMemory source = new HostMemory(bytes)) {
      Tensor target = arena.tensor("t", TensorType.F32, Shape.of(bytes / 4));
      buffer.place(target);
      return bytes / best(() -> target.setFrom(source.address(), 0, bytes));
    }
  }

  /** The shortest of several times, in seconds: what else runs only makes it longer. */
  private static double best(Runnable work) {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      work.run();
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
    }
    return best;
  }
}
