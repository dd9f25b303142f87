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
import dev.wanlet.wan.nn.frames.ConvMethod;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Times products, attention, a convolution and uploads on a device, at shapes like the models'.
 * What is measured more than once counts with its shortest time. Confined to one thread.
 */
final class RateMeasurement {
  private static final int WIDTH = 2048;
  private static final int FEW_ROWS = 256;
  private static final int MANY_ROWS = 1024;

  /** Unpacking takes no more than this makes of the longer product: some 400 rows. */
  private static final double MOST_PART = 1.4;

  /**
   * Every product costs at least so many rows more than it has: a measurement that says less was
   * disturbed, and a plan made with it would cut tokens into the shortest chunks for nothing.
   */
  private static final double LEAST_OVERHEAD = 32;

  private static final int HEADS = 4;
  private static final int HEAD_DIM = 128;
  private static final int QUERIES = 256;

  private static final int CHANNELS = 192;
  private static final int SIDE = 3;
  private static final int IMAGE_ROWS = 32;
  private static final int IMAGE_COLUMNS = 64;

  /** Of a short piece of work, and of a longer one. */
  private static final int REPEATS = 3;

  private static final double LONG_SECONDS = 0.25;

  /**
   * A device that still takes so long for a piece of work at the second time, when its kernels are
   * compiled, is slow: an emulated one, or a very small one. There nothing is measured again, and
   * longer work not at all.
   */
  private static final double SLOW_SECONDS = 1;

  /**
   * What a whole step reaches of a product by itself: norms, rotary embedding and copies come
   * beside it, and its weights are not in the caches. Two cores, guided steps of the 1.3B with 30
   * layers and with two, at 768 to 8160 tokens (docs/time-model.md).
   */
  private static final double STEP_SHARE = 0.66;

  /**
   * What decoding reaches of one convolution by itself: norms and activations come beside it, and
   * the first and last layers are narrow. Two cores, 256x256x9 and 320x320x17 at the real width.
   */
  private static final double DECODE_SHARE = 0.86;

  /** Larger than caches, but no more than a part of what is free: the copy takes as much again. */
  private static final int UPLOAD_BYTES = 32 << 20;

  private static final int PART_OF_FREE_MEMORY = 16;

  private final Backend backend;

  /** The shortest time of each piece of work, in seconds. */
  private final Map<String, Double> shortest = new HashMap<>();

  RateMeasurement(Backend backend) {
    this.backend = backend;
  }

  /**
   * What every prediction needs: 8-bit products, attention over few keys, a convolution, uploads.
   */
  DeviceRates basic(String source) {
    product(TensorType.Q8_0);
    attentionFlops(DeviceRates.FEW_KEYS);
    convolutionFlops();
    double upload = uploadRate(true);
    // Once more: the first time, classes are loaded and compiled beside it; and what else disturbs
    // a machine for a moment has passed by now.
    DeviceRates.Product product = product(TensorType.Q8_0);
    return new DeviceRates(
        product.flops(),
        product.overheadRows(),
        attentionFlops(DeviceRates.FEW_KEYS),
        DECODE_SHARE * convolutionFlops(),
        upload,
        DeviceRates.ASSUMED_DISK,
        source);
  }

  /** The same with attention over many keys. */
  DeviceRates withLongAttention(DeviceRates rates) {
    return new DeviceRates(
        rates.flops(),
        rates.overheadRows(),
        rates.types(),
        rates.attentionFlops(),
        farAttentionFlops(rates.attentionFlops()),
        rates.convolutionFlops(),
        rates.uploadBytesPerSecond(),
        rates.readBytesPerSecond(),
        rates.source());
  }

  /** Products with weights of a type, as a whole step reaches them. */
  DeviceRates.Product product(TensorType type) {
    double few = productSeconds(type, FEW_ROWS);
    double many = few > SLOW_SECONDS ? few * MANY_ROWS / FEW_ROWS : productSeconds(type, MANY_ROWS);
    // Time is a line over the rows: unpacking the weights once, and so much for each row. What
    // disturbs the shorter product must not make the line nearly flat.
    double row = Math.max((many - few) / (MANY_ROWS - FEW_ROWS), many / (MOST_PART * MANY_ROWS));
    double overhead = Math.max(LEAST_OVERHEAD, few / row - FEW_ROWS);
    return new DeviceRates.Product(STEP_SHARE * 2.0 * WIDTH * WIDTH / row, overhead);
  }

  private double productSeconds(TensorType type, int rows) {
    long bytes = type.bytes((long) WIDTH * WIDTH);
    try (TensorArena weights = TensorArena.forTensors(1);
        Buffer buffer = backend.allocate(backend.device().bufferType().align(bytes + 4096));
        TensorArena arena = TensorArena.forGraph(8);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      Tensor weight = weights.tensor("w", type, Shape.of(WIDTH, WIDTH));
      buffer.place(weight);
      buffer.clear(0);
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, rows, WIDTH);
      // As the transformer's linear layers do it.
      boolean widens = type.isQuantized() && backend.device().multipliesBf16Faster();
      g.output(g.matmul(widens ? g.widen(weight) : weight, x));
      allocator.allocate(g.graph());
      x.set(new float[rows * WIDTH]);
      return best(type + " " + rows, () -> backend.compute(g.graph()));
    }
  }

  private double farAttentionFlops(double near) {
    double seconds = attentionOperations(DeviceRates.FEW_KEYS) / near;
    return seconds > SLOW_SECONDS ? near : attentionFlops(DeviceRates.MANY_KEYS);
  }

  private static double attentionOperations(int keys) {
    return 4.0 * HEADS * HEAD_DIM * QUERIES * keys;
  }

  /** Attention over so many keys. */
  double attentionFlops(int keys) {
    try (TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor q = g.input("q", TensorType.F32, HEADS, QUERIES, HEAD_DIM);
      Tensor k = g.input("k", TensorType.F16, HEADS, keys, HEAD_DIM);
      Tensor v = g.input("v", TensorType.F16, HEADS, keys, HEAD_DIM);
      g.output(g.flashAttention(q, k, v, null, (float) (1 / Math.sqrt(HEAD_DIM))));
      allocator.allocate(g.graph());
      clear(q);
      clear(k);
      clear(v);
      double seconds = best("attention " + keys, () -> backend.compute(g.graph()));
      return attentionOperations(keys) / seconds;
    }
  }

  /** A convolution of a frame, in the way that the VAE goes about it on this device. */
  double convolutionFlops() {
    boolean gathers = ConvMethod.of(backend.device()) == ConvMethod.GATHER;
    try (TensorArena weights = TensorArena.forTensors(1);
        Buffer buffer = backend.allocate(2L * SIDE * SIDE * CHANNELS * CHANNELS + 8192);
        TensorArena arena = TensorArena.forGraph(32);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      Tensor kernel =
          weights.tensor(
              "w",
              TensorType.F16,
              gathers
                  ? Shape.of(CHANNELS, SIDE * SIDE * CHANNELS)
                  : Shape.of(CHANNELS, CHANNELS, SIDE, SIDE));
      buffer.place(kernel);
      buffer.clear(0);
      GraphBuilder g = new GraphBuilder(arena);
      Tensor image =
          gathers
              ? g.input("x", TensorType.F16, IMAGE_ROWS + 2, IMAGE_COLUMNS + 2, CHANNELS)
              : g.input("x", TensorType.F32, 1, CHANNELS, IMAGE_ROWS + 2, IMAGE_COLUMNS + 2);
      g.output(gathers ? gathered(g, kernel, image) : g.conv2d(kernel, image, 1, 0, 0));
      allocator.allocate(g.graph());
      clear(image);
      double seconds = best("convolution", () -> backend.compute(g.graph()));
      return 2.0 * SIDE * SIDE * CHANNELS * CHANNELS * IMAGE_ROWS * IMAGE_COLUMNS / seconds;
    }
  }

  /** Each pixel's neighbours become a row of a matrix, with a copy for each row of the kernel. */
  private static Tensor gathered(GraphBuilder g, Tensor kernel, Tensor image) {
    long columns = (long) SIDE * SIDE * CHANNELS;
    Tensor rows = g.input("gathered", kernel.type(), (long) IMAGE_ROWS * IMAGE_COLUMNS, columns);
    long row = (IMAGE_COLUMNS + 2L) * CHANNELS;
    long[] shape = {IMAGE_ROWS, IMAGE_COLUMNS, (long) SIDE * CHANNELS};
    for (int y = 0; y < SIDE; y++) {
      g.run(
          g.copy(
              g.strided(image, y * row, shape, row, CHANNELS),
              g.strided(
                  rows, (long) y * SIDE * CHANNELS, shape, IMAGE_COLUMNS * columns, columns)));
    }
    return g.matmul(kernel, rows);
  }

  private static void clear(Tensor tensor) {
    try (HostMemory zeros = new HostMemory(tensor.bytes())) {
      zeros.view(0, Math.toIntExact(tensor.bytes())).put(new byte[Math.toIntExact(tensor.bytes())]);
      tensor.setFrom(zeros.address(), 0, tensor.bytes());
    }
  }

  /**
   * Bytes a second from host memory.
   *
   * @param pinned whether from memory that the device pins, where it does, as weights are uploaded
   */
  double uploadRate(boolean pinned) {
    long most = MemoryBudget.freeHostBytes() / PART_OF_FREE_MEMORY;
    int bytes = (int) Math.max(1 << 20, Math.min(UPLOAD_BYTES, most)) & -4096;
    try (TensorArena arena = TensorArena.forTensors(1);
        Buffer buffer = backend.allocate(bytes)) {
      Tensor target = arena.tensor("t", TensorType.F32, Shape.of(bytes / 4));
      buffer.place(target);
      if (pinned && backend.device().hasHostBuffers()) {
        try (Buffer source = backend.allocateHost(bytes)) {
          return bytes / best("pinned", () -> target.setFrom(source.hostAddress(), 0, bytes));
        }
      }
      try (HostMemory source = new HostMemory(bytes)) {
        fill(source, bytes);
        return bytes / best("pageable", () -> target.setFrom(source.address(), 0, bytes));
      }
    }
  }

  // Memory never written to is one page of zeros, which comes from the processor's cache.
  private static void fill(HostMemory memory, int bytes) {
    byte[] page = new byte[4096];
    Arrays.fill(page, (byte) 1);
    ByteBuffer view = memory.view(0, bytes);
    while (view.hasRemaining()) {
      view.put(page, 0, Math.min(page.length, view.remaining()));
    }
  }

  /** The shortest of several times, in seconds: what else runs only makes it longer. */
  private double best(String what, Runnable work) {
    double best = shortest.getOrDefault(what, Double.MAX_VALUE);
    if (shortest.containsKey(what) && best > SLOW_SECONDS) {
      return best;
    }
    double all = 0;
    for (int i = 0; i < REPEATS && (i < 2 || all < LONG_SECONDS); i++) {
      long start = System.nanoTime();
      work.run();
      double seconds = (System.nanoTime() - start) / 1e9;
      best = Math.min(best, seconds);
      all += seconds;
    }
    shortest.put(what, best);
    return best;
  }
}
